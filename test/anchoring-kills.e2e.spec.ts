/**
 * kill -9 of the service at every step that an anchor takes, one after the other in the life of one batch: what it left
 * is the step's state and no other, and started again it goes on from there, with the same bytes. The step is known from
 * outside: by the call that an endpoint or the signer holds. Then: S19, no anchor unexplained, no nonce spent twice.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Transaction } from 'ethers';
import { calls, KilledService, type Remains } from './killed-service.js';
import { Hold, type RpcCall } from './scripted-rpc.js';

const run = new KilledService({ seed: 0, perCent: 0, lies: false });

/** The step at which it is killed, and what must be left of the batch then. */
interface Step {
  readonly title: string;
  readonly hold: Hold;
  /** What happens to the chain before the service is there again. */
  readonly before?: () => Promise<void>;
  readonly leaves: readonly string[];
  readonly look?: (remains: Remains) => Promise<void> | void;
}

/** The bytes recorded last. */
function recorded({ batches }: Remains): string {
  return batches[0]!.findLast(({ data }) => data['signedTransaction'] !== undefined)!.data[
    'signedTransaction'
  ] as string;
}

function sends(which: (hash: string) => boolean = () => true): (call: RpcCall) => boolean {
  return calls('eth_sendRawTransaction', ([raw]) => which(Transaction.from(String(raw)).hash!));
}

async function isInPool(raw: string): Promise<boolean> {
  return (await run.node.rpc('eth_getTransactionByHash', Transaction.from(raw).hash)) !== null;
}

/** A step takes two seconds on a quiet machine, that of the higher fee ten. */
const DEADLINE_MS = 240_000;

const SEALED = ['BatchSealed'];
const SUBMITTED = [...SEALED, 'AnchorSubmitted'];
const REPLACED = [...SUBMITTED, 'AnchorReplaced'];
const CONFIRMED = [...REPLACED, 'AnchorConfirmed'];
let first = '';
let replacement = '';
let confirmedIn = '';
/** Steps that went well: after one that did not, the next would wait for what never comes. */
let done = 0;

const STEPS: readonly Step[] = [
  {
    title: 'while it asks whether there is anything to compare its log with: nothing is sealed',
    hold: new Hold('before', calls('eth_getTransactionCount')),
    leaves: [],
  },
  {
    title: 'requested: nothing is signed',
    hold: new Hold('before', calls('eth_estimateGas')),
    leaves: SEALED,
    look: () => expect(run.signer.signed).toEqual([]),
  },
  {
    title: 'signed, not recorded: nothing has left',
    hold: new Hold('after', calls('eth_signTransaction')),
    leaves: SEALED,
    look: () => expect(run.signer.signed.length).toBe(1),
  },
  {
    title: 'recorded, not sent: the bytes are there before they leave',
    hold: new Hold('before', sends()),
    leaves: SUBMITTED,
    look: async (remains) => {
      first = recorded(remains);
      expect(remains.call?.params).toEqual([first]);
      expect(await isInPool(first)).toBe(false);
    },
  },
  {
    title: 'sent, not answered: it was the same bytes',
    hold: new Hold('after', sends()),
    leaves: SUBMITTED,
    look: async ({ call }) => {
      expect(call?.params).toEqual([first]);
      expect(await isInPool(first)).toBe(true);
    },
  },
  {
    title: 'replacement signed, not recorded',
    hold: new Hold('after', calls('eth_signTransaction')),
    leaves: SUBMITTED,
  },
  {
    title: 'replacement recorded, not sent',
    hold: new Hold('before', (call) => sends((hash) => hash !== Transaction.from(first).hash)(call)),
    leaves: REPLACED,
    look: (remains) => {
      replacement = recorded(remains);
      expect(remains.call?.params).toEqual([replacement]);
      expect(Transaction.from(replacement).nonce).toBe(Transaction.from(first).nonce);
    },
  },
  {
    title: 'replacement sent, not answered: it was the same bytes',
    hold: new Hold('after', sends()),
    leaves: REPLACED,
    look: ({ call }) => expect(call?.params).toEqual([replacement]),
  },
  {
    title: 'in a block, not recorded',
    before: () => run.node.mine(1),
    hold: new Hold('after', (call, answer) => {
      const { result } = JSON.parse(answer ?? '{}') as { result?: { blockNumber: string } | null };
      if (call.method !== 'eth_getTransactionReceipt' || !result) return false;
      confirmedIn = result.blockNumber;
      return true;
    }),
    leaves: REPLACED,
  },
  {
    title: 'confirmed',
    hold: new Hold('before', (call) => calls('eth_getBlockByNumber', ([tag]) => tag === confirmedIn)(call)),
    leaves: CONFIRMED,
  },
  {
    title: 'while it compares its log with the chain: nothing more is recorded',
    hold: new Hold('before', calls('eth_getLogs')),
    leaves: CONFIRMED,
  },
  {
    title: 'reorganised: the same bytes are sent again',
    before: async () => expect(await run.node.reorganise(1)).toBe(true),
    hold: new Hold('before', sends()),
    leaves: [...CONFIRMED, 'AnchorReorganised'],
    look: ({ call }) => expect(call?.params).toEqual([replacement]),
  },
  {
    title: 'final on the chain, its proof asked for, not recorded',
    // Somebody still had it, and it came into another block.
    before: async () => {
      await run.node.rpc('eth_sendRawTransaction', replacement);
      await run.node.mine(1);
    },
    hold: new Hold('after', calls('eth_getBlockReceipts')),
    leaves: [...CONFIRMED, 'AnchorReorganised', 'AnchorConfirmed'],
  },
];

describe('kill -9 at every step of an anchor', () => {
  beforeAll(() => run.start(STEPS[0]?.hold), DEADLINE_MS);
  afterAll(() => run.dispose());

  it.each(STEPS.map((step, i) => [step.title, step, STEPS[i + 1]] as const))(
    '%s',
    async (_title, step, next) => {
      expect(done).toBe(STEPS.indexOf(step));
      const mines = step === STEPS.at(-1);
      const call = await run.until(step.hold, undefined, mines ? () => run.mine() : undefined);
      expect(call).toBeDefined();
      const remains = await run.kill(call, {
        ...(next && { hold: next.hold }),
        before: async () => next?.before?.(),
      });
      expect((remains.batches[0] ?? []).map(({ type }) => type)).toEqual(step.leaves);
      await step.look?.(remains);
      done += 1;
    },
    DEADLINE_MS,
  );

  it(
    'finalised: it is killed once more, and then nothing is sent again',
    async () => {
      await run.final();
      const { batches } = await run.kill(undefined);
      expect(batches[0]?.at(-1)?.type).toBe('AnchorFinalised');
      expect(batches.length).toBe(1);
    },
    DEADLINE_MS,
  );

  it(
    'S2, S19: all is under a final anchor, none is unexplained, no nonce is spent twice',
    async () => {
      expect(await run.finish()).toEqual([]);
    },
    DEADLINE_MS,
  );
});
