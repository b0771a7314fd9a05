/** A made-up history with the shapes of the ledger's events, without the rules: for what only reads it. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../encoding/json.js';
import type { Append } from './event-store.js';

const AT = '2026-03-01T12:00:00.000Z';

interface Credential {
  readonly id: string;
  revision: number;
}

/** Appends in order, each of one event; the same for the same seed. */
export function syntheticHistory(seed: number): { next(count: number): readonly Append[] } {
  let drawn = 0;
  const digest = (): string =>
    createHash('sha256')
      .update(`${seed}/${(drawn += 1)}`)
      .digest('hex');
  const uuid = (): string => digest().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  const below = (n: number): number => parseInt(digest().slice(0, 8), 16) % n;
  const append = (stream: string, revision: number, type: string, data: JsonObject, sealed = false): Append => ({
    stream,
    expectedRevision: revision - 1,
    events: [
      {
        ...{ id: uuid(), type, v: 1, at: AT, by: 'process:test', data },
        ...(sealed && { sealed: new Uint8Array(Buffer.from(digest().repeat(6), 'hex')) }),
      },
    ],
  });
  const [organisation, definition, list] = [uuid(), uuid(), uuid()];
  const credentials: Credential[] = [];
  let batch = 0;
  let sequence = 0;
  let version = 1;
  let size = 0;
  const queue: Append[] = [
    append(`organisation-${organisation}`, 0, 'OrganisationRegistered', {
      ...{ did: 'did:web:ledger.example', name: 'Påhittad', organisationNumber: '2021002114', country: 'SE' },
      roles: ['issuer'],
    }),
    append(`definition-${definition}`, 0, 'DefinitionCreated', { owner: organisation, visibility: 'public' }),
    append(`definition-${definition}`, 1, 'VersionPublished', { version: 1, content: contentOf('Första') }),
    append(`statuslist-${list}`, 0, 'StatusListOpened', { organisation, purpose: 'revocation' }),
  ];
  const issue = (): void => {
    const id = uuid();
    credentials.push({ id, revision: 0 });
    const place = { list, index: credentials.length };
    queue.push(
      append(
        `credential-${id}`,
        0,
        'CredentialIssued',
        {
          ...{ digest: digest(), organisation, definition, version, mandate: 'owner', validFrom: AT },
          statusLists: { revocation: place, suspension: place },
          reads: [{ stream: `definition-${definition}`, revision: version - below(2) }],
        },
        true,
      ),
    );
  };
  const seal = (): void => {
    batch += 1;
    const range = { fromIndex: size, toIndex: size + 9, size: size + 10, root: digest() };
    size += 10;
    const chain = { chainId: 31337, contract: `0x${digest().slice(0, 40)}`, anchorer: `0x${digest().slice(0, 40)}` };
    const txHash = `0x${digest()}`;
    const block = { txHash, blockNumber: batch, blockHash: `0x${digest()}`, blockTime: 1, gasUsed: '50000' };
    queue.push(
      append(`batch-${batch}`, 0, 'BatchSealed', { number: batch, ...range }),
      append(`batch-${batch}`, 1, 'AnchorSubmitted', { ...chain, txHash, nonce: batch, signedTransaction: '0x02c0' }),
      append(`batch-${batch}`, 2, 'AnchorConfirmed', { chainId: 31337, ...block, effectiveGasPrice: '7' }),
      append(`vault-anchor-${batch}`, 0, 'AnchorProofKept', { proof: { chainId: 31337, header: digest() } }),
      append(`batch-${batch}`, 3, below(4) === 0 ? 'AnchorReorganised' : 'AnchorFinalised', { chainId: 31337 }),
    );
  };
  const publish = (): void => {
    queue.push(
      append(`vault-statuslist-${list}`, sequence, 'StatusListKept', {
        ...{ sequence: sequence + 1, changes: below(50), document: { id: list, encodedList: digest() } },
      }),
      append(`statuslist-${list}`, sequence + 1, 'StatusListPublished', { sequence: sequence + 1, digest: digest() }),
    );
    sequence += 1;
  };
  const changeStatus = (): void => {
    const credential = credentials[below(credentials.length)];
    if (!credential) return;
    credential.revision += 1;
    const types = ['CredentialSuspended', 'CredentialReinstated', 'CredentialRevoked'] as const;
    const type = types[below(types.length)]!;
    const data = type === 'CredentialReinstated' ? {} : { reasonCode: 'issuedInError' };
    queue.push(append(`credential-${credential.id}`, credential.revision, type, data));
  };
  const republish = (): void => {
    version += 1;
    queue.push(
      append(`definition-${definition}`, version, 'VersionPublished', { version, content: contentOf(`Nr ${version}`) }),
    );
  };
  return {
    next(count) {
      while (queue.length < count) {
        const kind = below(20);
        if (kind < 12) issue();
        else if (kind < 16) changeStatus();
        else if (kind < 18) publish();
        else if (kind === 18) seal();
        else republish();
      }
      return queue.splice(0, count);
    },
  };
}

function contentOf(title: string): JsonObject {
  const outcome = { category: 'skill', language: 'sv', lead: 'Innehavaren kan', activity: 'hantera' };
  return {
    title: { sv: title },
    summary: { sv: 'En påhittad mikromerit.' },
    creator: { name: 'Påhittad' },
    tasks: [{ sv: 'Innehavaren kan laga en optofiber.' }],
    learningOutcomes: [{ ...outcome, content: 'en sak', context: 'enligt en rutin' }],
  };
}
