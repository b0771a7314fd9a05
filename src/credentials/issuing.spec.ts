/**
 * Random histories of organisations, a definition and its credentials, beside a plain model of what may be issued: the
 * deciders issue exactly what the model allows, every event can be decided again from the log (S17), and the standing
 * says what the deciders' states say (S1).
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StandingState } from '../anchoring/standing-state.js';
import type { DefinitionStanding, OrganisationStanding } from '../anchoring/standing.js';
import type { DefinitionContent } from '../definitions/content.js';
import { definitionStream } from '../definitions/definition.events.js';
import { definitionDecider, type DefinitionCommand, type DefinitionState } from '../definitions/definition.js';
import { toMultikey } from '../encoding/base58.js';
import type { JsonObject } from '../encoding/json.js';
import { DomainError } from '../errors.js';
import type { DomainEvent, EventMeta, ReplayableDecider } from '../event-store/decider.js';
import { organisationStream } from '../organisations/organisation.events.js';
import {
  keyInForce,
  organisationDecider,
  type OrganisationCommand,
  type OrganisationState,
} from '../organisations/organisation.js';
import type { AssessmentFacts } from './assessment.js';
import { assessmentDecider } from './assessment.js';
import { assessmentStream, credentialStream, type CredentialIssued } from './credential.events.js';
import {
  credentialDecider,
  type CredentialCommand,
  type CredentialContext,
  type CredentialState,
} from './credential.js';

const ORGANISATIONS = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'] as const;
const [OWNER] = ORGANISATIONS;
const DEFINITION = '00000000-0000-4000-8000-0000000000d1';
const HOLDER = '00000000-0000-4000-8000-0000000000f1';
const DAY = 86_400_000;

type Step =
  | { do: 'addKey' | 'rotateKey' | 'closeOrganisation'; org: number }
  | { do: 'revokeKey'; org: number; pick: number; reason: 'superseded' | 'compromised'; fromIndex?: number }
  | { do: 'publish'; outcomes: number }
  | { do: 'draft' }
  | { do: 'retire'; version: number }
  | { do: 'grant'; org: number; from?: number; to?: number }
  | { do: 'withdraw'; pick: number }
  | {
      do: 'issue';
      org: number;
      version: number;
      pick: number;
      mistaken: boolean;
      met: (boolean | null)[];
      other: boolean;
    }
  | { do: 'suspend' | 'reinstate' | 'revoke' | 'void'; pick: number };

const org = fc.integer({ min: 0, max: 1 });
const pick = fc.nat({ max: 5 });
const version = fc.constantFrom(1, 1, 1, 1, 2, 2, 3);
const days = fc.option(fc.integer({ min: -5, max: 20 }), { nil: undefined });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('addKey' as const, 'rotateKey' as const), org }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('closeOrganisation' as const), org }) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        do: fc.constant('revokeKey' as const),
        org,
        pick,
        reason: fc.constantFrom('superseded' as const, 'compromised' as const),
        fromIndex: fc.nat({ max: 40 }),
      },
      { requiredKeys: ['do', 'org', 'pick', 'reason'] },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('publish' as const), outcomes: fc.integer({ min: 0, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('draft' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retire' as const), version }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('grant' as const), org, from: days, to: days }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), pick }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('issue' as const),
      org,
      version,
      pick,
      mistaken: fc.constantFrom(...Array<false>(9).fill(false), true),
      met: fc.array(fc.constantFrom(...Array<true>(12).fill(true), false, null), { minLength: 3, maxLength: 3 }),
      other: fc.constantFrom(...Array<false>(9).fill(false), true),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('suspend' as const, 'reinstate' as const, 'revoke' as const, 'void' as const),
      pick,
    }),
  },
) as fc.Arbitrary<Step>;

/** Every history begins where something can be issued. */
const histories = fc
  .array(step, { minLength: 10, maxLength: 60, size: 'max' })
  .map((steps): readonly Step[] => [
    { do: 'publish', outcomes: 2 },
    { do: 'addKey', org: 0 },
    { do: 'addKey', org: 1 },
    { do: 'grant', org: 1 },
    ...steps,
  ]);

/** What is true, kept by hand and not by the deciders. */
class Model {
  readonly keys = ORGANISATIONS.map(() => [] as { kid: string; active: boolean }[]);
  readonly closed = ORGANISATIONS.map(() => false);
  /** Number of learning outcomes of each version. */
  readonly versions: { outcomes: number; retired: boolean }[] = [];
  readonly mandates: { id: string; org: number; from: number; to: number; withdrawn: boolean }[] = [];

  mandated(organisation: number, now: number): boolean {
    const { mandates } = this;
    return (
      organisation === 0 ||
      mandates.some(({ org: to, withdrawn, ...m }) => to === organisation && !withdrawn && m.from <= now && now <= m.to)
    );
  }
}

class World {
  readonly model = new Model();
  readonly standing = new StandingState();
  readonly organisations: OrganisationState[] = ORGANISATIONS.map(() => organisationDecider.initialState);
  definition: DefinitionState = definitionDecider.initialState;
  readonly credentials: CredentialState[] = [];
  issued = 0;
  readonly refusals = new Set<string>();
  #size = 0;
  #now = Date.parse('2026-01-01T00:00:00.000Z');
  #made = 0;
  readonly #revisions = new Map<string, number>();

  constructor() {
    ORGANISATIONS.forEach((id, n) =>
      this.#organisation(n, {
        type: 'RegisterOrganisation',
        id,
        did: `did:web:localhost:organisations:${id}`,
        name: `Organisation ${n}`,
        organisationNumber: '2120000142',
        country: 'SE',
        roles: ['issuer'],
      }),
    );
    this.#define({ type: 'CreateDefinition', creator: OWNER, owner: OWNER, visibility: 'public' });
  }

  run(step: Step): void {
    this.#now += DAY;
    const { model } = this;
    switch (step.do) {
      case 'addKey': {
        const key = this.#newKey();
        if (this.#organisation(step.org, { type: 'AddIssuingKey', ...key })) {
          model.keys[step.org]!.push({ kid: key.kid, active: true });
        }
        return;
      }
      case 'rotateKey': {
        const replaced = model.keys[step.org]!.findLast(({ active }) => active);
        const key = this.#newKey();
        const replaces = replaced?.kid ?? 'none';
        if (this.#organisation(step.org, { type: 'RotateIssuingKey', ...key, replaces })) {
          replaced!.active = false;
          model.keys[step.org]!.push({ kid: key.kid, active: true });
        }
        return;
      }
      case 'revokeKey': {
        const { fromIndex, reason } = step;
        const key = model.keys[step.org]![step.pick];
        const command = { kid: key?.kid ?? 'none', reason, ...(fromIndex !== undefined && { fromIndex }) };
        const done = this.#organisation(step.org, { type: 'RevokeIssuingKey', ...command, logSize: this.#size });
        if (done) key!.active = false;
        return;
      }
      case 'closeOrganisation':
        // Rarely, or most histories would end here.
        if (this.#made % 7 === 0 && this.#organisation(step.org, { type: 'CloseOrganisation' })) {
          model.closed[step.org] = true;
        }
        return;
      case 'publish':
        if (this.#define({ type: 'PublishVersion', content: contentWith(step.outcomes) })) {
          expect(step.outcomes).toBeGreaterThan(0);
          model.versions.push({ outcomes: step.outcomes, retired: false });
        }
        return;
      case 'draft':
        this.#define({ type: 'ReviseDraft', content: { title: { sv: 'Utkast' } } });
        return;
      case 'retire':
        if (this.#define({ type: 'RetireVersion', version: step.version }))
          model.versions[step.version - 1]!.retired = true;
        return;
      case 'grant': {
        const mandate = `mandate-${this.#made++}`;
        const from = step.from === undefined ? undefined : this.#now + step.from * DAY;
        const to = step.to === undefined ? undefined : this.#now + step.to * DAY;
        const done = this.#define({
          type: 'GrantMandate',
          mandate,
          organisation: ORGANISATIONS[step.org]!,
          requirementsChecked: true,
          at: iso(this.#now),
          ...(from !== undefined && { from: iso(from) }),
          ...(to !== undefined && { to: iso(to) }),
        });
        if (done) {
          const period = { from: from ?? -Infinity, to: to ?? Infinity };
          const sameTime = model.mandates.filter(
            (m) =>
              m.org === step.org && !m.withdrawn && m.to >= Math.max(period.from, this.#now) && m.from <= period.to,
          );
          expect(sameTime).toEqual([]);
          model.mandates.push({ id: mandate, org: step.org, ...period, withdrawn: false });
        }
        return;
      }
      case 'withdraw': {
        const mandate = model.mandates[step.pick];
        const command = { mandate: mandate?.id ?? 'none', reason: 'ended', effect: 'futureOnly' } as const;
        if (this.#define({ type: 'WithdrawMandate', ...command })) mandate!.withdrawn = true;
        return;
      }
      case 'issue':
        return this.#issue(step);
      default:
        return this.#changeStatus(step.do, step.pick);
    }
  }

  #issue(step: Extract<Step, { do: 'issue' }>): void {
    const { model } = this;
    const published = model.versions[step.version - 1];
    const keys = model.keys[step.org]!;
    // The newest key mostly, sometimes an older one.
    const key = step.pick > 1 ? keys.at(-1) : keys[step.pick];
    const assessment = this.#assess(step);
    const metAll =
      assessment !== undefined &&
      !step.other &&
      !step.mistaken &&
      step.met.slice(0, published?.outcomes).every((met) => met === true);
    const allowed =
      published !== undefined &&
      !published.retired &&
      model.mandated(step.org, this.#now) &&
      key !== undefined &&
      key.active &&
      !model.closed[step.org] &&
      metAll;

    const id = `credential-${this.#made++}`;
    const command: CredentialCommand = {
      type: 'IssueCredential',
      at: iso(this.#now),
      digest: 'd'.repeat(64),
      organisation: ORGANISATIONS[step.org]!,
      key: key?.kid ?? 'none',
      definition: DEFINITION,
      version: step.version,
      statusLists: { revocation: { list: 'r', index: 1 }, suspension: { list: 's', index: 2 } },
      validFrom: iso(this.#now),
      sealed: [{ under: `vault-holder-${HOLDER}`, facts: { document: { id } } }],
    };
    const context: CredentialContext = {
      organisation: this.organisations[step.org]!,
      definition: this.definition,
      facts: {
        holder: { id: HOLDER, givenName: 'Test', familyName: 'Person' },
        assessment: assessment ?? { ...factsOf(step), outcomes: [] },
      },
    };
    const index = this.#size;
    const state = this.#decide(credentialDecider, credentialStream(id), { is: 'unissued' }, command, context);
    // Both ways: nothing is issued that may not be, and nothing is refused for any other reason.
    expect(state !== undefined).toBe(allowed);
    if (!state) return;
    this.issued++;
    this.credentials.push(state);
    const { issued } = state as CredentialState & { issued: CredentialIssued['data'] };
    expect(keyInForce(this.organisations[step.org]!, issued.key, index)).toBe(true);
    expect(issued.reads).toEqual([
      {
        stream: organisationStream(issued.organisation),
        revision: this.#revisions.get(organisationStream(issued.organisation)),
      },
      { stream: definitionStream(DEFINITION), revision: this.#revisions.get(definitionStream(DEFINITION)) },
    ]);
    const granted = model.mandates.find((mandate) => mandate.id === issued.mandate);
    expect(issued.mandate === 'owner' ? step.org : granted?.org).toBe(issued.mandate === 'owner' ? 0 : step.org);
  }

  /** Records the assessment; `undefined` where it is refused. */
  #assess(step: Extract<Step, { do: 'issue' }>): AssessmentFacts | undefined {
    const facts = factsOf(step);
    const assessor = { member: 'm1', name: 'Bedömare' };
    const organisation = ORGANISATIONS[step.org]!;
    const command = { type: 'RecordAssessment', organisation, facts, assessor } as const;
    const stream = assessmentStream(`a${this.#made++}`);
    const state = this.#decide(assessmentDecider, stream, { is: 'unrecorded' }, command, this.definition);
    return state === undefined ? undefined : facts;
  }

  #changeStatus(change: 'suspend' | 'reinstate' | 'revoke' | 'void', which: number): void {
    const at = which % Math.max(1, this.credentials.length);
    const before = this.credentials[at];
    if (!before || before.is === 'unissued') return;
    const command: CredentialCommand = {
      suspend: { type: 'SuspendCredential', reasonCode: 'appeal' } as const,
      reinstate: { type: 'ReinstateCredential' } as const,
      revoke: { type: 'RevokeCredential', reasonCode: 'replaced' } as const,
      void: { type: 'VoidCredential', reasonCode: 'staleRead' } as const,
    }[change];
    const after = this.#decide(credentialDecider, before.stream, before, command, undefined);
    const legal = {
      suspend: ['active'],
      reinstate: ['suspended'],
      revoke: ['active', 'suspended'],
      void: ['active', 'suspended', 'revoked', 'void'],
    }[change];
    expect(after !== undefined).toBe(legal.includes(before.is));
    if (after) this.credentials[at] = after;
  }

  #organisation(n: number, command: OrganisationCommand): boolean {
    const stream = organisationStream(ORGANISATIONS[n]!);
    const after = this.#decide(organisationDecider, stream, this.organisations[n]!, command, undefined);
    if (after) this.organisations[n] = after;
    return after !== undefined;
  }

  #define(command: DefinitionCommand): boolean {
    const after = this.#decide(definitionDecider, definitionStream(DEFINITION), this.definition, command, undefined);
    if (after) this.definition = after;
    return after !== undefined;
  }

  /** Decides, folds, logs, and decides each event again from the log. `undefined` where the command is refused. */
  #decide<State, Command, Event extends DomainEvent, Context>(
    decider: ReplayableDecider<State, Command, Event, Context>,
    stream: string,
    before: State,
    command: Command,
    context: Context,
  ): State | undefined {
    let events: readonly Event[];
    try {
      events = decider.decide(command, before, context);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.refusals.add(error.code);
      return undefined;
    }
    let state = before;
    for (const event of events) {
      const revision = (this.#revisions.get(stream) ?? -1) + 1;
      const meta: EventMeta = { stream, revision, at: iso(this.#now), index: this.#size };
      expect(decider.decide(decider.commandOf(event, meta), state, context)).toEqual([event]);
      // What the public can do: the same without anything sealed.
      const { sealed: _, ...open } = event;
      const publicContext = blind(context);
      expect(decider.decide(decider.commandOf(open as Event, meta), state, publicContext)).toEqual([open]);

      state = decider.evolve(state, event, meta);
      this.standing.apply({ stream, revision, type: event.type, data: event.data as JsonObject, index: this.#size });
      this.#revisions.set(stream, revision);
      this.#size++;
    }
    return state;
  }

  #newKey(): { kid: string; publicKeyMultibase: string; custody: 'operator' } {
    const kid = toMultikey(new Uint8Array(32).fill(++this.#made));
    return { kid, publicKeyMultibase: kid, custody: 'operator' };
  }

  get size(): number {
    return this.#size;
  }
}

/** A context as a replay without keys has it. */
function blind<Context>(context: Context): Context {
  if (typeof context !== 'object' || context === null) return context;
  if ('facts' in context) return { ...context, facts: 'sealed' };
  return 'is' in context ? ('sealed' as Context) : context;
}

/** Sometimes the person was assessed against another version than the one that is issued. */
function assessedVersion({ version, mistaken }: Extract<Step, { do: 'issue' }>): number {
  return mistaken ? (version % 3) + 1 : version;
}

function factsOf(step: Extract<Step, { do: 'issue' }>): AssessmentFacts {
  const outcomes = step.met.flatMap((met, row) => (met === null ? [] : [{ number: row + 1, met }]));
  return {
    holder: step.other ? '00000000-0000-4000-8000-0000000000f2' : HOLDER,
    definition: DEFINITION,
    version: assessedVersion(step),
    assessedOn: '2026-01-01',
    method: 'oralOpenQuestions',
    route: 'course',
    outcomes,
  };
}

function contentWith(outcomes: number): DefinitionContent {
  const row = {
    category: 'skill',
    language: 'sv',
    lead: 'Innehavaren kan',
    activity: 'sy',
    content: 'en söm',
    context: 'rakt',
  } as const;
  return {
    title: { sv: 'Sömnad' },
    summary: { sv: 'Att sy.' },
    tasks: [],
    learningOutcomes: Array.from({ length: outcomes }, () => row),
    workload: { hours: 5 },
    assessmentMethods: ['oralOpenQuestions'],
    participation: ['onSite'],
    qualityAssurance: [{ type: 'internal', description: { sv: 'Granskas.' } }],
    creator: { organisation: OWNER, did: `did:web:localhost:organisations:${OWNER}`, name: 'Ägaren' },
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

/** Assessments that name outcomes the version does not have are refused; drop those, or most would be. */
function fitting(world: World, step: Step): Step {
  if (step.do !== 'issue') return step;
  const outcomes = world.model.versions[assessedVersion(step) - 1]?.outcomes ?? 3;
  return { ...step, met: step.met.slice(0, outcomes) };
}

describe('random histories of organisations, definitions and credentials', () => {
  it('issue exactly what mandate, version, key and outcomes allow, and every event can be decided again (S17)', () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(histories, (steps) => {
        const world = new World();
        for (const one of steps) world.run(fitting(world, one));
        if (world.issued > 0) reached.add('issued');
        for (const code of world.refusals) reached.add(code);
      }),
      { numRuns: 60 },
    );
    // Had the histories never come so far, they would have shown nothing.
    const reasons = ['noMandate', 'versionNotPublished', 'versionRetired', 'keyNotActive', 'outcomeNotMet'];
    expect(['issued', ...reasons].filter((code) => !reached.has(code))).toEqual([]);
  });

  it('S1: leave a standing that agrees with the deciders’ states', () => {
    fc.assert(
      fc.property(histories, (steps) => {
        const world = new World();
        for (const one of steps) world.run(fitting(world, one));
        const leaves = world.standing.leaves();
        expect(leaves.map(({ stream }) => stream)).toEqual([
          definitionStream(DEFINITION),
          ...ORGANISATIONS.map((id) => organisationStream(id)),
        ]);
        world.organisations.forEach((state, n) => {
          const { state: standing, revision } = leaves[n + 1] as unknown as {
            state: OrganisationStanding;
            revision: number;
          };
          if (state.is === 'unregistered') throw new TypeError('registered at the beginning');
          expect(revision).toBe(state.revision);
          expect(standing.revisions).toHaveLength(revision + 1);
          expect(standing.did).toBe(state.did);
          expect(standing.closed).toBe(state.closed);
          for (let index = 0; index < world.size; index++) {
            for (const { kid } of state.keys) {
              const inForce =
                (standing.closed === undefined || index < standing.closed) &&
                standing.keys.some((key) => key.kid === kid && key.from < index && index < (key.to ?? Infinity));
              expect(inForce).toBe(keyInForce(state, kid, index));
            }
          }
        });
        const { definition } = world;
        const standing = leaves[0]?.state as unknown as DefinitionStanding;
        if (definition.is === 'uncreated') throw new TypeError('created at the beginning');
        expect(standing.versions.map((one) => [one.version, one.retired !== undefined])).toEqual(
          definition.versions.map((one) => [one.version, one.retiredAt !== undefined]),
        );
        expect(
          standing.mandates.map((one) => [one.mandate, one.to !== undefined, one.notBefore, one.notAfter]),
        ).toEqual(definition.mandates.map((one) => [one.mandate, one.withdrawn !== undefined, one.from, one.to]));
      }),
      { numRuns: 15 },
    );
  });
});
