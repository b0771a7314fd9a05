/** From read models to what the pages show. Nothing about a person, but for the operator's own register. */
import { batchOfIndex, listBatches, newestBatch } from '../anchoring/batches.read.js';
import { heldCredential, holderNameOf, isHolderErased } from '../credentials/held-credential.js';
import { listCredentials, registerRow, type RegisterRow } from '../credentials/register.read.js';
import { catalogueItem, searchCatalogue } from '../definitions/catalogue.read.js';
import { definitionStream } from '../definitions/definition.events.js';
import { definitionDecider, newestVersion } from '../definitions/definition.js';
import { DomainError, NotFoundError } from '../errors.js';
import { load } from '../event-store/handle.js';
import type { Database } from '../event-store/sqlite-file.js';
import type { Ledger } from '../ledger.js';
import { shownAnchor, shownBatch } from './anchoring-views.js';
import { organisationName } from '../organisations/organisations.read.js';
import type {
  BatchesView,
  CatalogueView,
  CredentialView,
  DefinitionView,
  OperatorView,
  RegisterRow as ShownRow,
  StartView,
} from './pages/view-models.js';

const CATALOGUE_PAGE = 24;
const BATCHES_PAGE = 20;
const REGISTER_PAGE = 50;

export class ViewModels {
  constructor(private readonly ledger: Ledger) {}

  /** Asked for at each use: after an await other tables may serve. */
  get #db(): Database {
    return this.ledger.readModels.db;
  }

  async start(): Promise<StartView> {
    const count = (sql: string): number => (this.#db.prepare(sql).get() as { n: number }).n;
    const newest = listBatches(this.#db, { limit: BATCHES_PAGE }).items.find(({ anchors }) => anchors.length > 0);
    const [anchor] = newest?.anchors ?? [];
    return {
      definitions: count("SELECT count(*) AS n FROM definitions WHERE version > 0 AND visibility = 'public'"),
      organisations: count('SELECT count(*) AS n FROM organisations'),
      credentials: count('SELECT count(*) AS n FROM credentials'),
      logSize: this.ledger.log.tree.size,
      origin: this.ledger.origin,
      ...(await this.#demoCredential()),
      ...(newest && anchor ? { newestAnchor: { batch: newest.number, ...shownAnchor(anchor) } } : {}),
    };
  }

  /** The link to the first credential, where its holder is invented: for whoever wants to see one. */
  async #demoCredential(): Promise<{ demoCredential?: string }> {
    const [row] = listCredentials(this.#db, { after: 0, limit: 1 }).items;
    if (!row || catalogueItem(this.#db, row.definition)?.content.demo !== true) return {};
    const link = await this.link(row.id);
    return link === undefined ? {} : { demoCredential: link };
  }

  /** Path with the key of the printed link; undefined where the holder has been erased. */
  async link(id: string): Promise<string | undefined> {
    try {
      return `/c/${id}#${(await heldCredential(this.ledger, id)).linkKey}`;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'holderErased') return undefined;
      throw error;
    }
  }

  catalogue(query: string | undefined, after: number): CatalogueView {
    const { items, next } = searchCatalogue(this.#db, { q: query, after, limit: CATALOGUE_PAGE });
    return {
      ...(query === undefined || query === '' ? {} : { query }),
      items: items.map(({ id, version, content, owner, retired }) => ({
        id,
        version,
        title: content.title,
        summary: content.summary,
        owner: organisationName(this.#db, owner),
        learningOutcomes: content.learningOutcomes.length,
        workload: content.workload,
        ...(content.level ? { level: content.level } : {}),
        retired,
        demo: content.demo ?? false,
      })),
      ...(next === undefined ? {} : { next: String(next) }),
    };
  }

  /**
   * @param version default: the newest that is not retired, else the newest
   * @throws NotFoundError for a definition or version that is not published
   */
  async definition(id: string, version?: number): Promise<DefinitionView> {
    const { state } = await load(this.ledger.store, definitionDecider, definitionStream(id));
    if (state.is === 'uncreated' || state.visibility === 'internal') throw new NotFoundError('definition', id);
    const newest =
      version === undefined
        ? (newestVersion(state) ?? state.versions.at(-1))
        : state.versions.find((one) => one.version === version);
    if (!newest) throw new NotFoundError('definition', id);
    const events = await this.ledger.store.readStream(definitionStream(id));
    const published = events.find(
      ({ type, data }) => type === 'VersionPublished' && data['version'] === newest.version,
    );
    const mandated = state.mandates.filter(({ withdrawn }) => !withdrawn).map(({ organisation }) => organisation);
    return {
      id,
      version: newest.version,
      content: newest.content,
      owner: { id: state.owner, name: organisationName(this.#db, state.owner) },
      issuers: [...new Set([state.owner, ...mandated])].map((one) => ({
        id: one,
        name: organisationName(this.#db, one),
      })),
      publishedAt: newest.publishedAt,
      index: published?.index ?? 0,
      retired: newest.retiredAt !== undefined,
      versions: state.versions.map(({ version, publishedAt, changes, retiredAt }) => ({
        version,
        publishedAt,
        ...(changes === undefined ? {} : { changes }),
        retired: retiredAt !== undefined,
      })),
    };
  }

  /** @throws NotFoundError for a credential that was not issued here */
  async credential(id: string): Promise<CredentialView> {
    const row = registerRow(this.#db, id);
    if (!row) throw new NotFoundError('credential', id);
    const definition = catalogueItem(this.#db, row.definition);
    const batch = batchOfIndex(this.#db, row.index);
    const [anchor] = batch?.anchors ?? [];
    return {
      id,
      organisation: { id: row.organisation, name: organisationName(this.#db, row.organisation) },
      definition: {
        id: row.definition,
        title: definition?.content.title ?? { sv: row.definition },
        version: row.version,
      },
      index: row.index,
      issuedAt: row.issuedAt,
      validFrom: row.validFrom,
      ...(row.validUntil === undefined ? {} : { validUntil: row.validUntil }),
      digest: row.digest,
      state: this.#state(row, definition?.version),
      ...(row.state === 'active' ? {} : { stateSince: row.since }),
      ...(row.reasonCode === undefined ? {} : { reasonCode: row.reasonCode }),
      ...(batch ? { batch: batch.number } : {}),
      ...(anchor ? { anchor: shownAnchor(anchor) } : {}),
      demo: definition?.content.demo ?? false,
      erased: await isHolderErased(this.ledger, id),
    };
  }

  batches(before: number | undefined): BatchesView {
    const { items, next } = listBatches(this.ledger.readModels.db, { before, limit: BATCHES_PAGE });
    return {
      batches: items.map(shownBatch),
      logSize: this.ledger.log.tree.size,
      ...(next === undefined ? {} : { next: String(next) }),
    };
  }

  async operator(query: string | undefined, after: number): Promise<OperatorView> {
    const { items, next } = listCredentials(this.#db, { after, limit: REGISTER_PAGE });
    const rows = await Promise.all(items.map((row) => this.#row(row)));
    const words = (query ?? '').toLocaleLowerCase('sv').split(/\s+/).filter(Boolean);
    const matches = ({ holder = '', title, organisation, id }: ShownRow): boolean => {
      const text = `${holder} ${title} ${organisation} ${id}`.toLocaleLowerCase('sv');
      return words.every((word) => text.includes(word));
    };
    return {
      ...(query === undefined || query === '' ? {} : { query }),
      credentials: rows.filter(matches),
      ...(next === undefined ? {} : { next: String(next) }),
      batches: listBatches(this.#db, { limit: 5 }).items.map(shownBatch),
      unanchored: Math.max(0, this.ledger.log.newestHappening - (newestBatch(this.#db)?.toIndex ?? -1)),
    };
  }

  /** A row of the register with the holder's name, for the operator. @throws NotFoundError */
  registerRow(id: string): Promise<ShownRow> {
    const row = registerRow(this.ledger.readModels.db, id);
    if (!row) throw new NotFoundError('credential', id);
    return this.#row(row);
  }

  async #row(row: RegisterRow): Promise<ShownRow> {
    const definition = catalogueItem(this.#db, row.definition);
    const holder = await this.#holderOf(row.id);
    const batch = batchOfIndex(this.#db, row.index);
    return {
      id: row.id,
      ...(holder === undefined ? {} : { holder }),
      title: definition?.content.title.sv ?? row.definition,
      version: row.version,
      organisation: organisationName(this.#db, row.organisation),
      issuedAt: row.issuedAt,
      state: this.#state(row, definition?.version),
      index: row.index,
      ...(batch ? { batch: batch.number } : {}),
    };
  }

  async #holderOf(id: string): Promise<string | undefined> {
    try {
      return holderNameOf((await heldCredential(this.ledger, id)).document);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'holderErased') return undefined;
      throw error;
    }
  }

  #state(row: RegisterRow, newestVersion_: number | undefined): CredentialView['state'] {
    if (row.state !== 'active') return row.state;
    const now = this.ledger.now().getTime();
    if (row.validUntil !== undefined && Date.parse(row.validUntil) <= now) return 'expired';
    if (Date.parse(row.validFrom) > now) return 'notYetValid';
    return newestVersion_ !== undefined && newestVersion_ > row.version ? 'superseded' : 'active';
  }
}
