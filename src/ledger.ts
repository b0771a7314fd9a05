/**
 * The whole ledger without any framework: opens the store, its keys, the log, the read models and the chain in order,
 * and closes them in reverse. Nest hands this one object to controllers and command handlers.
 * Proven by ledger.int.spec.ts.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Anchorer } from './anchoring/anchorer.js';
import { AnchoringProcess } from './anchoring/anchoring.process.js';
import { LEDGER_STREAM } from './anchoring/anchoring.events.js';
import { BatchSealer } from './anchoring/batch-sealer.js';
import { batchesProjection, batchSizesUpTo } from './anchoring/batches.read.js';
import type { Chain } from './anchoring/chain.js';
import { ChainReader, type ChainAccess } from './anchoring/chain-reader.js';
import { ChainHandle } from './anchoring/chain-handle.process.js';
import { plansOf } from './anchoring/chain-plan.js';
import { Chains } from './anchoring/chains.process.js';
import { ClockWatch } from './anchoring/clock-watch.process.js';
import { EMBEDDED_CHAIN_ID } from './anchoring/embedded-node.js';
import { ClockGuard, ClockGuardedStore } from './anchoring/clock-guard.js';
import { ledgerDecider, type LedgerChain } from './anchoring/ledger.js';
import { PATIENCE, RemoteAnchoring, type Anchoring } from './anchoring/remote-anchoring.js';
import { Witness } from './anchoring/witness.process.js';
import { WorkerDuties } from './anchoring/worker-duties.process.js';
import { lossesToDecide, NoAnchoring, ReadOnlyStore } from './archive/read-only.js';
import { restorationOf, type Loss } from './archive/restoration.js';
import type { Config } from './config.js';
import { LaggingLists } from './credentials/lagging-lists.process.js';
import { registerProjection } from './credentials/register.read.js';
import { StatusIndexes } from './credentials/status-indexes.js';
import { outdatedLists, statusListsProjection } from './credentials/status-lists.read.js';
import { StatusPublisher } from './credentials/status-publisher.js';
import { StaleVoiding } from './credentials/void-stale.process.js';
import { openRootSecret } from './crypto/root-secret.js';
import { readFileIfThere, readOrMake, writeFileDurably } from './crypto/secret-file.js';
import { Secrets } from './crypto/secrets.js';
import { catalogueProjection, holdsDemoData } from './definitions/catalogue.read.js';
import { toBase64url } from './encoding/base64.js';
import { ClockSkewError, ConfigError, InvariantError } from './errors.js';
import { EVENT_TYPES } from './event-types.js';
import type { EventStore, Position, StoredEvent } from './event-store/event-store.js';
import { openEventStoreDb } from './event-store/eventstoredb.js';
import { load } from './event-store/handle.js';
import { READ_MODELS, ReadModels } from './event-store/projections.js';
import { openSqliteEventStore } from './event-store/sqlite.js';
import { warningsOf } from './event-store/warnings.process.js';
import { founded, logSigner } from './founding.js';
import { changeEpoch } from './holders/epoch-change.js';
import { EpochProcess } from './holders/epoch.process.js';
import { EpochKeys, opensEpochs } from './holders/epoch-keys.js';
import { applyErasures, followErasures } from './holders/erasure.js';
import { readErasures } from './holders/erasures-list.js';
import { namedProjection } from './history/named.read.js';
import { vaultKeysProjection } from './holders/keys.read.js';
import { Vault } from './holders/vault.js';
import { HeadFollower } from './log/head-follower.js';
import { HeadSigner } from './log/head-signer.js';
import type { SignedHeads } from './log/signed-heads.js';
import { TransparencyLog } from './log/transparency-log.js';
import { IssuingKeys } from './organisations/issuing-keys.js';
import { custodyOfAll, issuingKeysProjection } from './organisations/issuing-keys.read.js';
import { organisationsProjection } from './organisations/organisations.read.js';
import type { TrustFile } from './verification/bundle.js';

/** Order matters: the status lists look up credentials that the register has just taken in. */
const PROJECTIONS = [
  organisationsProjection,
  catalogueProjection,
  registerProjection,
  // After the register: it asks there whose a credential is.
  namedProjection,
  statusListsProjection,
  batchesProjection,
  vaultKeysProjection,
  issuingKeysProjection,
];

const STATUS_CHANGES: ReadonlySet<string> = new Set([
  'StatusListOpened',
  'CredentialSuspended',
  'CredentialReinstated',
  'CredentialRevoked',
  'CredentialVoided',
]);

/** Which may change who holds the issuers' keys. */
const KEY_CHANGES: ReadonlySet<string> = new Set([
  'IssuingKeyAdded',
  'IssuingKeyRotated',
  'IssuingKeyRevoked',
  'OrganisationClosed',
]);

/** What must be closed again where opening fails. */
interface Opened {
  readonly store: EventStore;
  chain?: ChainAccess;
  log?: TransparencyLog;
  readModels?: Promise<ReadModels>;
}

/** How long the start waits for the chain, before it signs without having compared itself with it (S16). */
const CHAIN_DEADLINE_MS = 15_000;
/** See `EpochScope.graceMs`. */
const EPOCH_GRACE_MS = 10_000;
/** Below DATA_DIR. */
const TRUST_FILE = 'trust.json';
/** Below DATA_DIR: the folder of what this node keeps of the log. */
const LOG = 'log';

export class Ledger {
  #trustKept: Promise<void> = Promise.resolve();
  #closing = false;
  #isReady = false;
  #ready: Promise<void> = Promise.resolve();

  private constructor(
    readonly config: Config,
    readonly adminToken: string,
    readonly secrets: Secrets,
    /** Where the master key is, for people. */
    readonly masterKey: string,
    readonly store: EventStore,
    readonly epochs: EpochKeys,
    readonly epochProcess: EpochProcess,
    readonly vault: Vault,
    readonly issuingKeys: IssuingKeys,
    readonly log: TransparencyLog,
    readonly signer: SignedHeads,
    readonly readModels: ReadModels,
    readonly statusIndexes: StatusIndexes,
    readonly statusPublisher: StatusPublisher,
    readonly anchoring: Anchoring,
    private readonly duties: WorkerDuties | undefined,
    private readonly laggingLists: LaggingLists,
    private readonly staleVoiding: StaleVoiding,
    readonly origin: string,
    readonly vkey: string,
    private readonly chainAccess: ChainAccess,
    readonly now: () => Date,
    /** What a restore from an older copy has lost and nobody has decided on: the ledger is then read-only (S16). */
    readonly losses: readonly Loss[] | undefined,
  ) {}

  /**
   * @param fatal called when something fails after which the process must stop
   * @throws ConfigError for a data folder or environment that does not fit
   */
  static async open(
    config: Config,
    fatal: (error: unknown) => void,
    now: () => Date = () => new Date(),
  ): Promise<Ledger> {
    const folder = resolve(config.dataDir);
    makeFolder(folder);
    // First the store, whose lock keeps a second process from making keys in the same folder.
    const store = await openStore(config, folder);
    const opened: Opened = { store };
    try {
      return await Ledger.#over(opened, folder, config, fatal, now);
    } catch (error) {
      await opened.chain?.stop();
      await (await opened.readModels?.catch(() => undefined))?.stop();
      await opened.log?.stop();
      await store.close();
      throw error;
    }
  }

  static async #over(
    opened: Opened,
    folder: string,
    config: Config,
    stop: (error: unknown) => void,
    now: () => Date,
  ): Promise<Ledger> {
    // A wrong clock stops what writes to the log, until it is right; it is told by health (S18).
    const fatal = (error: unknown): void => {
      if (!(error instanceof ClockSkewError)) stop(error);
    };
    // Before anything is made or written: a restore that was cut off is no ledger.
    const losses = lossesToDecide(await restorationOf(opened.store));
    const clock = new ClockGuard(now);
    const store = losses === undefined ? new ClockGuardedStore(opened.store, clock) : new ReadOnlyStore(opened.store);
    const isNew = (await store.head()).position === 0n;
    const keysDir = resolve(config.keysDir);
    const places = { dataDir: folder, keysDir, masterKey: config.masterKey };
    const root = await openRootSecret(places, isNew, (candidate) => opensEpochs(keysDir, candidate));
    const secrets = new Secrets(root.secret);
    const adminToken = config.adminToken ?? readOrMake(join(folder, 'admin-token'), random32);
    // Keys before what is wrapped under them: a crash in between leaves keys that nothing uses yet.
    const epochKeys = EpochKeys.open(keysDir, secrets, isNew);
    const { keys, origin, vkey, wentOnAt } = await founded(store, secrets, config, now);
    const vault = new Vault(store, secrets, epochKeys);
    // Also where nothing else may be written.
    const erasing = { store: opened.store, vault, secrets, config, now };
    const { position } = await store.head();
    // What was erased stays erased, also in an older copy of the store and after a crash in the midst of it (S23).
    await applyErasures(erasing);
    // With a store of its own a process does what `followErasures` does when it erases.
    if (config.eventStoreUrl !== undefined) followErasures(erasing, position).done.catch(fatal);
    const isWorker = losses === undefined && config.roles.has('worker');
    const plans = plansOf(config, keys.anchorKey);
    const place = { folder, evmPort: config.evmPort };
    const closed = await closedChains(store);
    const isMain = (chainId: number): boolean => chains?.isMain(chainId) ?? false;
    const chains = isWorker
      ? new Chains(
          plans.map((plan) => new ChainHandle(place, plan, store, clock, now, () => isMain(plan.chainId))),
          closed,
        )
      : undefined;
    const chainAccess = chains ?? new ChainReader(plans, closed, new ClockWatch(clock, warningsOf('clock')));
    opened.chain = chainAccess;
    // The node starts while the log is read.
    chains?.start();
    const log = new TransparencyLog(store, { folder: join(folder, LOG), report: warningsOf('log') });
    opened.log = log;
    log.onEntry(({ stream, type, data, at }) => {
      if (stream === LEDGER_STREAM && type === 'ChainClosed') closed.set(data['chainId'] as number, at);
    });
    const logKey = { origin, ...logSigner(keys) };
    const headSigner = chains && new HeadSigner(store, log, logKey, join(keysDir, 'last-signed-head.json'), now);
    const heads: SignedHeads = headSigner ?? new HeadFollower(log, { origin, vkey });
    opened.readModels = ReadModels.start(join(folder, READ_MODELS), store, PROJECTIONS, (event) => vault.open(event), {
      onProblem: warningsOf('read-models'),
    });
    const [readModels] = await Promise.all([opened.readModels, log.start()]);
    const begin = async (): Promise<void> => {
      await readModels.caughtUp((await store.head()).position);
      await headSigner?.start(async () => chains?.compared(readModels, CHAIN_DEADLINE_MS));
      if (wentOnAt !== undefined) await headSigner?.goOnFrom(batchSizesUpTo(readModels.db, wentOnAt));
    };
    const { isServing } = readModels;
    if (isServing) await begin();
    const issuingKeys = new IssuingKeys(store, secrets);
    const publisher = new StatusPublisher(store, readModels, issuingKeys, config.publicUrl, now);
    const anchoring =
      chains && headSigner
        ? new AnchoringProcess(
            new BatchSealer(
              store,
              readModels,
              log,
              headSigner,
              () => publisher.publish(),
              now,
              (chainId) => chains.isUsed(chainId),
            ),
            () => chains.anchorer(readModels),
            readModels,
            log,
            {
              intervalSeconds: config.anchorIntervalSeconds,
              maxAgeSeconds: config.anchorMaxAgeSeconds,
              // Of the chain that is the main one then: it may be closed.
              get pollMs(): number {
                return chains.pollMs;
              },
            },
            fatal,
            now,
            {
              get mainChainId(): number {
                return chains.mainChainId;
              },
              witnesses: chains.handles.map((handle) => {
                const { name, pollMs, chainId } = handle.plan;
                const anchorer = (): Promise<Anchorer> => handle.anchorer(readModels);
                return new Witness(name, anchorer, pollMs, fatal, () => chains.isWitness(chainId));
              }),
              statuses: () => chains.statuses(readModels),
              clockProblem: () => clock.problem,
            },
          )
        : losses !== undefined
          ? new NoAnchoring('restored with a loss that is not decided on')
          : new RemoteAnchoring(
              store,
              readModels,
              log,
              () => heads.latest?.size ?? 0,
              () => outdatedLists(readModels.db).length > 0,
              now,
              { ...PATIENCE, clockProblem: () => clock.problem },
            );
    // With a store of its own a process does all of this when it is needed.
    const duties =
      headSigner && config.eventStoreUrl !== undefined
        ? new WorkerDuties(store, log, headSigner, anchoring, fatal)
        : undefined;
    const epochScope = {
      store,
      readModels,
      epochs: epochKeys,
      vault,
      now,
      erased: () => readErasures(keysDir).map(({ holder }) => holder),
      graceMs: EPOCH_GRACE_MS,
    };
    const epochProcess = new EpochProcess(
      epochKeys,
      (report, stopped) => changeEpoch(epochScope, report, stopped),
      () => readErasures(keysDir),
      { isWorker, afterDays: config.epochDays },
      fatal,
      now,
    );
    const ledger = new Ledger(
      config,
      adminToken,
      secrets,
      root.masterKey,
      store,
      epochKeys,
      epochProcess,
      vault,
      issuingKeys,
      log,
      heads,
      readModels,
      new StatusIndexes(store, secrets, now),
      publisher,
      anchoring,
      duties,
      new LaggingLists(publisher, fatal),
      new StaleVoiding({ store, secrets, now }, readModels, log, fatal),
      origin,
      vkey,
      chainAccess,
      now,
      losses,
    );
    ledger.#watch(fatal);
    await ledger.#keepTrustFile(folder, fatal);
    if (isServing) ledger.#work();
    // Nothing is signed or written before the tables are there: they tell what was anchored, and what lags.
    else ledger.#ready = ledger.#workAfter(begin).catch(fatal);
    return ledger;
  }

  /** False while tables are built that no older ones can stand in for: then little is answered and nothing written. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves when it is ready, or has failed and the process is told to stop. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  async #workAfter(begin: () => Promise<void>): Promise<void> {
    try {
      await begin();
    } catch (error) {
      if (!this.#closing) throw error;
    }
    if (!this.#closing) this.#work();
  }

  #work(): void {
    this.#isReady = true;
    this.anchoring.start();
    this.duties?.start();
    this.epochProcess.start();
    if (this.isWorker) {
      this.laggingLists.start();
      this.staleVoiding.start();
    }
  }

  /** Whether this process signs heads, publishes lists and anchors. */
  get isWorker(): boolean {
    return this.losses === undefined && this.config.roles.has('worker');
  }

  get publicUrl(): string {
    return this.config.publicUrl;
  }

  /** True where anything in it is demonstration data, as far as its tables tell. */
  get demo(): boolean {
    return this.readModels.isServing && holdsDemoData(this.readModels.db);
  }

  /** The main chain, once it is ready. */
  get chain(): Chain | undefined {
    return this.chainAccess.ready;
  }

  get mainChainId(): number {
    return this.chainAccess.mainChainId;
  }

  /** A chain by its id, once it is ready. */
  chainById(chainId: number): Chain | undefined {
    return this.chainAccess.byId(chainId);
  }

  /** The chains as the log has them. */
  async chainsInLog(): Promise<readonly LedgerChain[]> {
    const { state } = await load(this.store, ledgerDecider, LEDGER_STREAM);
    return state.is === 'founded' ? state.chains : [];
  }

  /** Waits until this node's tables and tree have an event. */
  async caughtUp(event: StoredEvent): Promise<void> {
    await Promise.all([
      this.readModels.caughtUp(event.position),
      event.index === undefined ? undefined : this.log.reached(event.index + 1),
    ]);
  }

  /** Waits until this node's tables and tree have everything up to a position, or the signal ends it. */
  async reached(position: Position, signal?: AbortSignal): Promise<void> {
    await this.readModels.caughtUp(position, signal);
    // The log up to that position is no longer than what the store has now.
    await this.log.reached((await this.store.head()).logSize);
  }

  /** The trust file as it stands in the log (S4, S19), with the RPC addresses of the embedded node. */
  async trustFile(): Promise<TrustFile> {
    const chains = await this.chainsInLog();
    return {
      origin: this.origin,
      vkey: this.vkey,
      log: `${this.publicUrl}/log`,
      // Who holds which issuer's key stands in the log, and in every report; here it is summed up (S13).
      ...(this.readModels.isServing ? { keyCustody: custodyOfAll(this.readModels.db) } : {}),
      chains: chains.map(({ name, chainId, contract, anchorers, firstBlock, closed }) => ({
        name,
        chainId,
        contract,
        // A plain address while there has been only one, as it always was.
        anchorers: anchorers.length === 1 ? anchorers.map(({ address }) => address) : anchorers,
        firstBlock,
        ...(closed && { closed: { at: closed.at, blockHashes: `${this.publicUrl}/api/v1/chains/${chainId}/anchors` } }),
        ...(closed ? {} : this.chainAccess.details(chainId)),
        // Whether or not CHAIN still names it (S10).
        ...(chainId === EMBEDDED_CHAIN_ID && { embedded: true }),
      })),
    };
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.epochProcess.stop();
    await this.staleVoiding.stop();
    await this.laggingLists.stop();
    await this.duties?.stop();
    await this.anchoring.stop();
    await this.#trustKept;
    if (this.isWorker) await this.statusPublisher.publish().catch(() => undefined);
    await this.log.stop();
    await this.readModels.stop();
    await this.store.close();
    await this.chainAccess.stop();
  }

  /**
   * Keeps the trust file as DATA_DIR/trust.json (S4): whoever works on this machine pins this ledger by it, without
   * asking the network. Written anew when the log names a chain, and when the node's address is known.
   */
  async #keepTrustFile(folder: string, fatal: (error: unknown) => void): Promise<void> {
    const path = join(folder, TRUST_FILE);
    const keep = (): Promise<void> => {
      const kept = this.#trustKept.then(async () => {
        if (this.#closing) return;
        const text = JSON.stringify(await this.trustFile(), undefined, 2);
        if (readFileIfThere(path) !== text) writeFileDurably(path, `${text}\n`, 0o644);
      });
      this.#trustKept = kept.catch(fatal);
      return this.#trustKept;
    };
    this.log.onEntry((event) => {
      if (event.stream === LEDGER_STREAM) void keep();
      // Who holds the keys is in the tables, which may still be on their way.
      if (KEY_CHANGES.has(event.type)) this.readModels.caughtUp(event.position).then(keep).catch(fatal);
    });
    this.chainAccess.onReady(() => void keep());
    await keep();
  }

  #watch(fatal: (error: unknown) => void): void {
    this.log.done.catch(fatal);
    // S15: a worker stops; a node that only answers stays, serves none of it and says so.
    this.log.onHead(() => {
      if (this.isWorker && this.signer.problem !== undefined) fatal(new InvariantError(this.signer.problem));
    });
    this.readModels.done.catch(fatal);
    this.log.onEntry((event) => {
      if (!this.isWorker || !this.#isReady || !STATUS_CHANGES.has(event.type)) return;
      this.readModels
        .caughtUp(event.position)
        .then(() => this.statusPublisher.publish())
        .catch(fatal);
    });
  }
}

/** Chains that have ended, by id, with when. */
async function closedChains(store: EventStore): Promise<Map<number, string>> {
  const { state } = await load(store, ledgerDecider, LEDGER_STREAM);
  const chains = state.is === 'founded' ? state.chains : [];
  return new Map(chains.flatMap(({ chainId, closed }) => (closed ? [[chainId, closed.at]] : [])));
}

/** The store that the environment names. */
function openStore({ eventStoreUrl }: Config, folder: string): Promise<EventStore> | EventStore {
  return eventStoreUrl === undefined
    ? openSqliteEventStore(join(folder, 'events.db'), EVENT_TYPES)
    : openEventStoreDb({ url: eventStoreUrl, indexFile: join(folder, 'index.db'), types: EVENT_TYPES });
}

/** Whatever lies in it is the service's alone, also where somebody has made the folder for all to read. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  } catch (error) {
    throw new ConfigError(
      'DATA_DIR',
      `${folder} cannot be made, or closed to others: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function random32(): string {
  return toBase64url(new Uint8Array(randomBytes(32)));
}
