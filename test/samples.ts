/** What the tests of the whole application send: the guide's fibre-optic example, and invented numbers that pass. */
import { passesLuhn } from '../src/encoding/luhn.js';
import { InvariantError } from '../src/errors.js';
import { eventually, type Parsed, type Service } from './service.js';

/** An organisation number that nobody has been given: the n-th of a series, with its check digit. */
export function organisationNumber(n: number): string {
  return withCheckDigit(`5599${String(n).padStart(5, '0')}`);
}

/** The n-th personal number of 1 January 1985, with its check digit. */
export function personalNumber(n: number): string {
  return `19${withCheckDigit(`850101${String(n).padStart(3, '0')}`)}`;
}

function withCheckDigit(digits: string): string {
  const whole = Array.from({ length: 10 }, (_, digit) => `${digits}${digit}`).find(passesLuhn);
  if (whole === undefined) throw new InvariantError(`no check digit for ${digits}`);
  return whole;
}

export function organisation(n: number, name = `Stadsnät ${n}`): Parsed {
  return { name, organisationNumber: organisationNumber(n), country: 'SE', roles: ['issuer', 'steward'] };
}

/** Svenska Stadsnätsföreningen's fibre-optic repair, word for word from the guide's table. */
export function definition(organisationId: string, title = FIBRE): Parsed {
  const outcome = (category: string, activity: string, content: string, context: string): Parsed => ({
    category,
    language: 'sv',
    lead: 'Innehavaren kan',
    activity,
    content,
    context,
  });
  return {
    organisationId,
    title: { sv: title },
    summary: { sv: 'Akut felsökning, lagning och mätning av en optofiber.' },
    tasks: [
      {
        sv: 'Innehavaren kan akut felsöka, laga och mäta en optofiber under akuta kritiska/krigsliknande förhållanden.',
      },
    ],
    learningOutcomes: [
      outcome(
        'knowledge',
        'redogöra',
        'för hur lagning och skarvning av optofiber genomförs',
        'för att akut laga en förbindelse med rätt kvalitet och metod',
      ),
      outcome(
        'skill',
        'hantera',
        'fibersvets samt kabelverktyg',
        'för att akut laga en förbindelse med rätt kvalitet och metod',
      ),
      outcome(
        'responsibility',
        'praktisera',
        'riskbedömning vid ensamarbete/markarbete',
        'för att kunna arbeta säkert under akuta kritiska/krigsliknande förhållanden',
      ),
    ],
    workload: { hours: 24 },
    level: { framework: 'EQF', level: 4, basis: 'issuer' },
    assessmentMethods: ['workplaceObservationOfSetTasks'],
    participation: ['workplace'],
    qualityAssurance: [{ type: 'internal', description: { sv: 'En yrkesbedömare bedömer mot läranderesultaten.' } }],
    validity: { months: 36 },
  };
}

export const FIBRE = 'Reparationsberedskap för akut felsökning/lagning/mätning av optofiber';

/** The body of an issuance in which every outcome is met. */
export function issuance(definitionId: string, organisationId: string, holder: Parsed = SOMEBODY): Parsed {
  return {
    definitionId,
    organisationId,
    holder,
    route: 'workplace',
    assessment: {
      assessedOn: '2026-01-15',
      method: 'workplaceObservationOfSetTasks',
      assessor: { name: 'Påhittad Bedömare' },
      outcomes: [1, 2, 3].map((number) => ({ number, met: true })),
      supervision: 'supervisedWithIdCheck',
    },
  };
}

export const SOMEBODY = { givenName: 'Påhittad', familyName: 'Innehavare' };

/** An owner with a published definition, and a second organisation with the mandate to issue it. */
export interface World {
  readonly owner: string;
  readonly issuer: string;
  readonly definitionId: string;
}

/** @param from number from which the organisations' numbers are taken */
export async function world(service: Service, from = 1): Promise<World> {
  const owner = (await service.post('/api/v1/organisations', organisation(from, 'Svenska Stadsnätsföreningen'))).id;
  const issuer = (await service.post('/api/v1/organisations', organisation(from + 1, 'Skellefteå Kraft'))).id;
  const definitionId = await published(service, owner);
  await service.post(`/api/v1/definitions/${definitionId}/mandates/${issuer}`, {});
  return { owner, issuer, definitionId };
}

/** A published definition of an organisation. */
export async function published(service: Service, owner: string): Promise<string> {
  const { id } = await service.post('/api/v1/definitions', definition(owner));
  await service.post(`/api/v1/definitions/${id}/publish`, {});
  return id as string;
}

/** Seals, and waits until the batch is finally anchored. */
export async function anchored(service: Service): Promise<Parsed> {
  const { number } = await service.post('/api/v1/batches/seal');
  return eventually(async () => {
    const batch = await service.ok(`/api/v1/batches/${number}`);
    return batch.anchors.some(({ state }: Parsed) => state === 'finalised') && batch;
  }, `batch ${number} to be final`);
}
