/** Histories as the service has them: entries from the store, batches and anchors from the read models. */
import { batchOfIndex, type BatchView } from '../anchoring/batches.read.js';
import { credentialStream, type CredentialIssued } from '../credentials/credential.events.js';
import { definitionStream } from '../definitions/definition.events.js';
import type { JsonObject } from '../encoding/json.js';
import { NotFoundError } from '../errors.js';
import type { StoredEvent } from '../event-store/event-store.js';
import type { Ledger } from '../ledger.js';
import { organisationStream } from '../organisations/organisation.events.js';
import {
  bearsOn,
  credentialAt,
  definitionAt,
  organisationAt,
  upTo,
  type CredentialAt,
  type DefinitionAt,
  type OrganisationAt,
} from './history.js';
import { namedEntries } from './named.read.js';

export const HISTORY_KINDS = ['organisations', 'definitions', 'credentials'] as const;
export type HistoryKind = (typeof HISTORY_KINDS)[number];

/** An entry of the log, and where the proof of it is. */
export interface HistoryLine {
  readonly index: number;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  /** ISO 8601, by the clock of the node that wrote it. */
  readonly at: string;
  readonly by: string;
  /** As in the log: nothing that is private. */
  readonly data: JsonObject;
  /** The batch under whose anchor it lies; absent until one is sealed. */
  readonly batch?: number;
  /** ISO 8601, of the block of the batch's first final anchor: from then on it can be proven to have been there. */
  readonly anchoredAt?: string;
  /** Paths of the entry's bytes and of its inclusion proof. */
  readonly entry: string;
  readonly proof: string;
}

export interface History<State> {
  /** Oldest first; of a moment, if one was asked for, only what had happened by then. */
  readonly items: readonly HistoryLine[];
  /** As it stood at the moment, or as it stands. */
  readonly state: State;
  /** ISO 8601 */
  readonly asOf: string;
}

/** @param id UUID @throws NotFoundError where no such organisation was registered by then */
export async function organisationHistory(ledger: Ledger, id: string, at: Date): Promise<History<OrganisationAt>> {
  const events = await known(ledger, 'organisation', organisationStream(id), id, at);
  return { items: lines(ledger, events), state: organisationAt(events), asOf: at.toISOString() };
}

/** @param id UUID @throws NotFoundError where no such definition was created by then */
export async function definitionHistory(ledger: Ledger, id: string, at: Date): Promise<History<DefinitionAt>> {
  const events = await known(ledger, 'definition', definitionStream(id), id, at);
  return { items: lines(ledger, events), state: definitionAt(events, at), asOf: at.toISOString() };
}

/**
 * With what happened to its key, its mandate and its definition.
 * @param id UUID
 * @throws NotFoundError where no such credential was issued by then
 */
export async function credentialHistory(ledger: Ledger, id: string, at: Date): Promise<History<CredentialAt>> {
  const credential = await known(ledger, 'credential', credentialStream(id), id, at);
  const issued = credential[0]!.data as unknown as CredentialIssued['data'];
  const [organisation, definition] = await Promise.all(
    [organisationStream(issued.organisation), definitionStream(issued.definition)].map(async (stream) =>
      upTo(await ledger.store.readStream(stream), at),
    ),
  );
  const streams = { credential, organisation: organisation ?? [], definition: definition ?? [] };
  const elsewhere = [...streams.organisation, ...streams.definition].filter((event) => bearsOn(issued, event));
  const all = [...credential, ...elsewhere].toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0));
  return { items: lines(ledger, all), state: credentialAt(streams, at), asOf: at.toISOString() };
}

/**
 * All that is logged in an organisation's name (S13), newest first.
 * @param id UUID
 * @param page.before log index of the last one seen
 */
export async function loggedInName(
  ledger: Ledger,
  id: string,
  page: { readonly before?: number | undefined; readonly limit: number },
): Promise<{ readonly items: readonly HistoryLine[]; readonly next: number | undefined }> {
  const { items, next } = namedEntries(ledger.readModels.db, id, page);
  const events = await Promise.all(items.map((index) => ledger.store.readLog({ from: index, limit: 1 })));
  return { items: lines(ledger, events.flat()), next };
}

async function known(
  ledger: Ledger,
  kind: string,
  stream: string,
  id: string,
  at: Date,
): Promise<readonly StoredEvent[]> {
  const events = upTo(await ledger.store.readStream(stream), at);
  if (events.length === 0) throw new NotFoundError(kind, id);
  return events;
}

function lines(ledger: Ledger, events: readonly StoredEvent[]): readonly HistoryLine[] {
  const { db } = ledger.readModels;
  return events.flatMap(({ index, stream, revision, type, at, by, data }) => {
    if (index === undefined) return [];
    const batch = batchOfIndex(db, index);
    return [
      {
        ...{ index, stream, revision, type, at, by, data },
        ...(batch === undefined ? {} : { batch: batch.number, ...anchoredAt(batch) }),
        ...{ entry: `/log/entries/${index}`, proof: `/log/proof?index=${index}` },
      },
    ];
  });
}

function anchoredAt({ anchors }: BatchView): { anchoredAt?: string } {
  const times = anchors.flatMap(({ state, blockTime }) =>
    (state === 'finalised' || state === 'closed') && blockTime !== undefined ? [blockTime] : [],
  );
  return times.length === 0 ? {} : { anchoredAt: new Date(Math.min(...times) * 1000).toISOString() };
}
