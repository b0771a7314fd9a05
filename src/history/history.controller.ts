/** Histories over HTTP: for programs, for readers of feeds (S13), and as pages. Proven by history.e2e.spec.ts. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { registerRow } from '../credentials/register.read.js';
import { catalogueItem } from '../definitions/catalogue.read.js';
import type { MandateGranted } from '../definitions/definition.events.js';
import { NotFoundError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { organisationName } from '../organisations/organisations.read.js';
import { languageOf } from '../web/language.js';
import { Input, Operation } from '../web/operation.js';
import { pageContext } from '../web/page-context.js';
import { historyPage } from '../web/pages/index.js';
import { lineText } from '../web/pages/history-text.js';
import type { HistorySubject, HistoryView } from '../web/pages/view-models.js';
import { idParams, listAnswer, nextLink, pageQuery, wholeNumber, type ListAnswer } from '../web/query.js';
import { texts } from '../web/text/text.js';
import { atomFeed } from './atom.js';
import {
  credentialAt,
  definitionAt,
  organisationAt,
  type CredentialAt,
  type DefinitionAt,
  type OrganisationAt,
} from './history.js';
import {
  credentialHistory,
  definitionHistory,
  HISTORY_KINDS,
  loggedInName,
  organisationHistory,
  type History,
  type HistoryLine,
} from './history.read.js';

type IdParams = z.output<typeof idParams>;

const historyQuery = z.strictObject({ at: z.iso.datetime({ offset: true }).optional() });
type HistoryQuery = z.output<typeof historyQuery>;
const logQuery = z.strictObject({ ...pageQuery, cursor: wholeNumber().optional() });
const feedQuery = z.strictObject({ lang: z.enum(['sv', 'en']).optional() });
const pageParams = z.strictObject({ kind: z.enum(HISTORY_KINDS), id: z.uuid() });
const pageFields = z.object({
  lang: z.enum(['sv', 'en']).optional(),
  day: z.string().max(40).optional(),
  cursor: wholeNumber().optional(),
});
const HISTORY_ANSWER = {
  description: '`{items, state, asOf}`: the entries, oldest first, and what follows from them.',
};
const FEED_ENTRIES = 50;
const PAGE_ENTRIES = 50;

@Controller()
export class HistoryController {
  constructor(private readonly ledger: Ledger) {}

  @Get('api/v1/organisations/:id/history')
  @Operation({
    name: 'organisation.readHistory',
    summary: 'What the log says of an organisation, and how it stood at a moment (`at`).',
    params: idParams,
    query: historyQuery,
    answer: HISTORY_ANSWER,
  })
  organisation(
    @Input('params') { id }: IdParams,
    @Input('query') query: HistoryQuery,
  ): Promise<History<OrganisationAt>> {
    return organisationHistory(this.ledger, id, this.#moment(query));
  }

  @Get('api/v1/definitions/:id/history')
  @Operation({
    name: 'definition.readHistory',
    summary: 'What the log says of a definition, and how it stood at a moment (`at`).',
    params: idParams,
    query: historyQuery,
    answer: HISTORY_ANSWER,
  })
  definition(@Input('params') { id }: IdParams, @Input('query') query: HistoryQuery): Promise<History<DefinitionAt>> {
    return definitionHistory(this.ledger, id, this.#moment(query));
  }

  @Get('api/v1/credentials/:id/history')
  @Operation({
    name: 'credential.readHistory',
    summary:
      'What the log says of a credential, its key, mandate and version, and how it stood at a moment (`at`): no more than the entries.',
    params: idParams,
    query: historyQuery,
    answer: HISTORY_ANSWER,
  })
  credential(@Input('params') { id }: IdParams, @Input('query') query: HistoryQuery): Promise<History<CredentialAt>> {
    return credentialHistory(this.ledger, id, this.#moment(query));
  }

  @Get('api/v1/organisations/:id/log')
  @Operation({
    name: 'organisation.readLog',
    summary: 'All that is logged in an organisation’s name, newest first.',
    params: idParams,
    query: logQuery,
    answer: { description: '`{items, next?}`' },
  })
  async log(
    @Input('params') { id }: IdParams,
    @Input('query') { cursor, limit }: z.output<typeof logQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ListAnswer<HistoryLine>> {
    this.#requireOrganisation(id);
    const { items, next } = await loggedInName(this.ledger, id, { before: cursor, limit });
    if (next !== undefined) void reply.header('link', nextLink(request.url, String(next)));
    return listAnswer(items, next);
  }

  @Get('api/v1/organisations/:id/feed')
  @Operation({
    name: 'organisation.readLog',
    summary: 'The newest entries in an organisation’s name, as an Atom feed.',
    params: idParams,
    query: feedQuery,
    answer: { type: 'application/atom+xml', description: 'An Atom feed.' },
  })
  async feed(
    @Input('params') { id }: IdParams,
    @Input('query') query: z.output<typeof feedQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    this.#requireOrganisation(id);
    const lang = languageOf(request.headers['accept-language'], query.lang);
    const { items } = await loggedInName(this.ledger, id, { limit: FEED_ENTRIES });
    const { publicUrl, origin } = this.ledger;
    void reply.type('application/atom+xml; charset=utf-8').header('vary', 'accept-language');
    return atomFeed(
      items,
      {
        self: `${publicUrl}/api/v1/organisations/${id}/feed`,
        page: `${publicUrl}/history/organisations/${id}`,
        title: `${texts(lang).history.inName}: ${this.#name(id)}`,
        ...{ publicUrl, lang, origin },
        now: this.ledger.now().toISOString(),
      },
      (line) => lineText(line, (one) => this.#name(one), lang),
    );
  }

  @Get('history/:kind/:id')
  @Operation({ name: 'page.public', summary: 'A history.', page: true, params: pageParams, query: pageFields })
  async page(
    @Input('params') params: z.output<typeof pageParams>,
    @Input('query') { day, cursor }: z.output<typeof pageFields>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const end = day === undefined || day === '' ? undefined : endOfDay(day);
    const view = await this.#view(params, end ?? this.ledger.now(), cursor);
    const asked = day === undefined || day === '' ? {} : end === undefined ? { badDay: true as const } : { day };
    void reply
      .type('text/html; charset=utf-8')
      .header('vary', 'accept-language, cookie')
      .header('cache-control', 'no-store');
    return historyPage({ ...view, ...asked }, pageContext(request, this.ledger));
  }

  async #view({ kind, id }: z.output<typeof pageParams>, at: Date, cursor: number | undefined): Promise<HistoryView> {
    const { ledger } = this;
    const now = ledger.now();
    if (kind === 'credentials') {
      const found = await orEmpty((moment) => credentialHistory(ledger, id, moment), at, now);
      const state = found?.state ?? credentialAt({ credential: [], organisation: [], definition: [] }, at);
      const name = this.#subject(`credential-${id}`)?.title ?? { sv: id };
      return { kind, id, name, items: found?.items ?? [], state, names: this.#names(found?.items ?? []) };
    }
    if (kind === 'definitions') {
      const found = await orEmpty((moment) => definitionHistory(ledger, id, moment), at, now);
      const state = found?.state ?? definitionAt([], at);
      const named = [...(state.mandated ?? []), ...(state.owner === undefined ? [] : [state.owner])];
      const name = this.#subject(`definition-${id}`)?.title ?? { sv: id };
      return { kind, id, name, items: found?.items ?? [], state, names: this.#names(found?.items ?? [], named) };
    }
    const found = await orEmpty((moment) => organisationHistory(ledger, id, moment), at, now);
    const log = await loggedInName(ledger, id, { before: cursor, limit: PAGE_ENTRIES });
    const items = found?.items ?? [];
    return {
      ...{ kind, id, name: { sv: this.#name(id) }, items },
      state: found?.state ?? organisationAt([]),
      names: this.#names([...items, ...log.items]),
      inName: log.items.map((line) => {
        const subject = this.#subject(line.stream);
        return subject ? { ...line, subject } : line;
      }),
      ...(log.next === undefined ? {} : { next: String(log.next) }),
    };
  }

  /** The definition or credential that a stream is of. */
  #subject(stream: string): HistorySubject | undefined {
    const { db } = this.ledger.readModels;
    const [kind, id] = /^(definition|credential)-(.+)$/.exec(stream)?.slice(1) ?? [];
    if (kind === undefined || id === undefined) return undefined;
    const definition = kind === 'definition' ? id : registerRow(db, id)?.definition;
    const title = definition === undefined ? undefined : catalogueItem(db, definition)?.content.title;
    return { kind: kind === 'definition' ? 'definitions' : 'credentials', id, title: title ?? { sv: id } };
  }

  #moment({ at }: HistoryQuery): Date {
    return at === undefined ? this.ledger.now() : new Date(at);
  }

  #name(id: string): string {
    return organisationName(this.ledger.readModels.db, id);
  }

  /** Names of all organisations that lines speak of, or that acted; a mandate's is that of whom it was given to. */
  #names(lines: readonly HistoryLine[], more: readonly string[] = []): Record<string, string> {
    const spoken = lines.flatMap(({ by, data }) => [
      ...[data['organisation'], data['owner'], data['creator']].filter((value) => typeof value === 'string'),
      ...(/^organisation:([^:]+):/.exec(by)?.slice(1, 2) ?? []),
    ]);
    const granted = lines.flatMap(({ type, data }) => {
      if (type !== 'MandateGranted') return [];
      const { mandate, organisation } = data as unknown as MandateGranted['data'];
      return [[mandate, this.#name(organisation)] as const];
    });
    const organisations = [...new Set([...spoken, ...more])].map((id) => [id, this.#name(id)] as const);
    return Object.fromEntries([...granted, ...organisations]);
  }

  #requireOrganisation(id: string): void {
    if (this.#name(id) === id) throw new NotFoundError('organisation', id);
  }
}

/** The last millisecond of a day in Swedish time; undefined where it is none. */
function endOfDay(day: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const utc = new Date(`${day}T23:59:59.999Z`);
  if (Number.isNaN(utc.getTime()) || !utc.toISOString().startsWith(day)) return undefined;
  const offset = SWEDISH_OFFSET.formatToParts(utc).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const [, sign, hours] = /^GMT([+-])(\d+)/.exec(offset) ?? [undefined, '+', '0'];
  return new Date(utc.getTime() - Number(`${sign}${hours}`) * 3_600_000);
}

const SWEDISH_OFFSET = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Stockholm', timeZoneName: 'shortOffset' });

/** What was not there at a moment, though it is now, has an empty history; what never was is not found. */
async function orEmpty<T>(read: (moment: Date) => Promise<T>, at: Date, now: Date): Promise<T | undefined> {
  try {
    return await read(at);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    await read(now);
    return undefined;
  }
}
