/** What operators do about chains, carried out on a ledger. */
import type { JsonObject } from '../encoding/json.js';
import { DomainError, NotFoundError } from '../errors.js';
import { handle } from '../event-store/handle.js';
import type { Ledger } from '../ledger.js';
import { signRotation } from './anchorer-rotation.js';
import { batchStream, LEDGER_STREAM } from './anchoring.events.js';
import { batchDecider } from './batch.js';
import { batchView, finalOn, listedAnchors, type BatchView } from './batches.read.js';
import { chainFigures } from './chain-figures.js';
import { ledgerDecider, type LedgerChain } from './ledger.js';
import { explorerLink } from './networks.js';

type ChainLedger = Pick<
  Ledger,
  | 'store'
  | 'readModels'
  | 'anchoring'
  | 'origin'
  | 'now'
  | 'log'
  | 'chainsInLog'
  | 'chainById'
  | 'caughtUp'
  | 'mainChainId'
>;

/** @throws NotFoundError where the log names no such chain */
async function chainOf(ledger: ChainLedger, chainId: number): Promise<LedgerChain> {
  const chain = (await ledger.chainsInLog()).find((one) => one.chainId === chainId);
  if (!chain) throw new NotFoundError('chain', String(chainId));
  return chain;
}

/** Every chain of the log, and those that are configured and were never ready, with what this process knows of each. */
export async function chainList(ledger: ChainLedger): Promise<readonly JsonObject[]> {
  return (await chainFigures(ledger)).map(
    ({ name, chainId, isMain, network, anchorer, contract, closedAt, status, forecast, totals, spentToday }) => ({
      name,
      chainId,
      ...(contract === undefined ? {} : { contract }),
      ...(anchorer === undefined ? {} : { anchorer }),
      isMain,
      ...(network && anchorer !== undefined && { explorer: explorerLink.address(network, anchorer) }),
      ...(network && { testnet: network.testnet }),
      ...(closedAt === undefined ? {} : { closed: closedAt }),
      ...(status?.problem === undefined ? {} : { problem: status.problem }),
      ...(status?.problemCode === undefined ? {} : { problemCode: status.problemCode }),
      ...(status?.warning === undefined ? {} : { warning: status.warning }),
      ...(status?.balance === undefined ? {} : { balance: status.balance }),
      ...(forecast && { forecast: { ...forecast } }),
      ...(status?.newestBlock && { newestBlock: { ...status.newestBlock } }),
      totals: { ...totals, anchors: { ...totals.anchors }, failures: { ...totals.failures } },
      spentToday,
    }),
  );
}

/**
 * The list to keep for the time when a chain is gone (S10): each block's hash, and the entry of the log that has it. Its
 * form is `BLOCK_HASHES_SCHEMA`.
 * @throws NotFoundError
 */
export async function listOf(ledger: ChainLedger, chainId: number): Promise<JsonObject> {
  const { name, contract, anchorers, closed } = await chainOf(ledger, chainId);
  return {
    type: 'MeritkedjaBlockHashes',
    version: 1,
    origin: ledger.origin,
    name,
    chainId,
    contract,
    anchorers: anchorers.map((term) => ({ ...term })),
    ...(closed && { closed: closed.at }),
    anchors: listedAnchors(ledger.readModels.db, chainId).map((anchor) => ({ ...anchor })),
  };
}

/**
 * Asks for the newest head on a chain: an event, which whoever anchors there carries out.
 * @throws NotFoundError; DomainError chainClosed; UnavailableError where nobody seals
 */
export async function reanchor(ledger: ChainLedger, chainId: number): Promise<BatchView> {
  const { closed } = await chainOf(ledger, chainId);
  if (closed) throw new DomainError('chainClosed', { chainId });
  const { batch } = await ledger.anchoring.sealNow();
  if (!batch) throw new NotFoundError('batch', '1');
  const { events } = await handle(ledger.store, batchDecider, {
    stream: batchStream(batch.number),
    command: { type: 'RequestAnchor', chainId },
    context: undefined,
    meta: { at: ledger.now().toISOString(), by: 'operator' },
  });
  const last = events.at(-1);
  if (last) await ledger.caughtUp(last);
  ledger.anchoring.look();
  return batchView(ledger.readModels.db, batch.number) ?? batch;
}

/**
 * Records that a chain has another anchorer from here on (S19). The present one signs here, as this process has it.
 * @param anchorer the new one
 * @param signature by the new one, see `anchorer-rotation.ts`
 * @throws NotFoundError; DomainError, also presentKeyMissing where this process does not hold the present key
 */
export async function rotateAnchorer(
  ledger: ChainLedger,
  chainId: number,
  anchorer: string,
  signature: string,
): Promise<JsonObject> {
  const { contract, anchorer: previous, closed } = await chainOf(ledger, chainId);
  if (closed) throw new DomainError('chainClosed', { chainId });
  const signer = ledger.chainById(chainId)?.signer;
  if (signer?.address !== previous) {
    throw new DomainError('presentKeyMissing', { anchorer: previous });
  }
  const { origin } = ledger;
  const rotation = { origin, chainId, contract, previous, anchorer };
  const { events } = await handle(ledger.store, ledgerDecider, {
    stream: LEDGER_STREAM,
    command: {
      type: 'RotateAnchorer',
      chainId,
      previous,
      anchorer,
      previousSignature: await signRotation(signer, rotation),
      signature,
    },
    context: undefined,
    meta: { at: ledger.now().toISOString(), by: 'operator' },
  });
  const [rotated] = events;
  if (rotated) await ledger.caughtUp(rotated);
  ledger.anchoring.look();
  return { chainId, previous, anchorer, from: rotated?.index ?? 0 };
}

/**
 * Records that a chain has ended. Before it does, its anchors' block hashes must be under a final anchor elsewhere.
 * @param confirm the chain's name
 * @param uncovered close it though they are not, as it is gone already
 * @throws NotFoundError; DomainError closeNotConfirmed, chainNotCovered
 */
export async function closeChain(
  ledger: ChainLedger,
  chainId: number,
  confirm: string,
  uncovered: boolean,
): Promise<JsonObject> {
  const { name } = await chainOf(ledger, chainId);
  if (confirm !== name) throw new DomainError('closeNotConfirmed', { name });
  const anchors = listedAnchors(ledger.readModels.db, chainId);
  const lastEntry = anchors.reduce((last, { entry }) => Math.max(last, entry), -1);
  const others = (await ledger.chainsInLog()).filter((one) => one.chainId !== chainId && !one.closed);
  const covering = others
    .map((one) => ({ chainId: one.chainId, final: finalOn(ledger.readModels.db, one.chainId) }))
    .find(({ final }) => final !== undefined && final.size > lastEntry);
  const coveredBy = covering?.final && { chainId: covering.chainId, batch: covering.final.batch };
  if (!coveredBy && !uncovered) throw new DomainError('chainNotCovered', { name, anchors: anchors.length });
  const { events } = await handle(ledger.store, ledgerDecider, {
    stream: LEDGER_STREAM,
    command: { type: 'CloseChain', chainId, anchors: anchors.length, ...(coveredBy && { coveredBy }) },
    context: undefined,
    meta: { at: ledger.now().toISOString(), by: 'operator' },
  });
  const [closed] = events;
  if (closed) await ledger.caughtUp(closed);
  // The next one takes its place.
  ledger.anchoring.look();
  return { chainId, anchors: anchors.length, ...(coveredBy && { coveredBy }) };
}
