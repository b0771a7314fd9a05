/**
 * The built service under faults, from a seed: killed with kill -9 again and again at a call that the dice choose, with
 * endpoints that follow a script and an EVM node that is reorganised, forgets its pool, and is killed and comes back with
 * what it had on disk. Then the faults end, and what the rules promise must be so. Used by anchoring-faults.int.spec.ts.
 */
import { InvariantError } from '../src/errors.js';
import { diceFor, pick, type Dice } from './dice.js';
import { KilledService } from './killed-service.js';
import { Hold } from './scripted-rpc.js';

const KILLS = 6;
/** How long a call is waited for before the service is killed wherever it is, in milliseconds. */
const PATIENCE_MS = 6_000;

/** In the order of an anchor's life; some are asked more often than others, and so oftener chosen. */
const CALLS = [
  'eth_chainId',
  'eth_getLogs',
  'eth_getTransactionCount',
  'eth_estimateGas',
  'eth_getBalance',
  'eth_signTransaction',
  'eth_signTransaction',
  'eth_sendRawTransaction',
  'eth_sendRawTransaction',
  'eth_sendRawTransaction',
  'eth_getTransactionReceipt',
  'eth_getBlockByHash',
  'eth_getBlockByNumber',
  'eth_getBlockReceipts',
] as const;

export async function runServiceFaults(
  seed: number,
): Promise<{ readonly broken: readonly string[]; readonly script: readonly string[] }> {
  const dice = diceFor(seed, 'service');
  const names = dice(2) === 0 ? ['a'] : ['a', 'b'];
  const run = new KilledService({ seed, perCent: 6, lies: true }, names);
  try {
    let hold = anyCall(run, dice);
    await run.start(hold);
    for (let kill = 0; kill < KILLS; kill += 1) {
      if (dice(2) === 0) await run.happen();
      const call = await run.until(hold, PATIENCE_MS, () => disturb(run, dice));
      hold = anyCall(run, dice);
      await run.kill(call, { hold, before: () => disturb(run, dice) });
    }
    return { broken: await run.finish(), script: run.script };
  } catch (error) {
    const said = [`seed ${seed}: ${String(error)}`, ...run.script, run.said];
    throw new InvariantError(said.join('\n'), { cause: error });
  } finally {
    await run.dispose();
  }
}

/** One of the next calls of a method, before the node sees it or after. */
function anyCall(run: KilledService, dice: Dice): Hold {
  const wanted = pick(dice, CALLS);
  const at = pick(dice, ['before', 'after'] as const);
  let left = dice(3);
  run.tell(`to be killed ${at} ${wanted}, after ${left}`);
  return new Hold(at, ({ method }) => {
    if (method !== wanted) return false;
    left -= 1;
    return left < 0;
  });
}

async function disturb(run: KilledService, dice: Dice): Promise<void> {
  const { node } = run;
  const roll = dice(20);
  if (roll < 8) return run.mine();
  if (roll === 8) {
    const depth = 1 + dice(3);
    run.tell(`reorganised ${depth} deep: ${await node.reorganise(depth)}`);
  } else if (roll === 9) {
    run.tell('pool forgotten');
    await node.rpc('anvil_dropAllTransactions');
  } else if (roll === 10) {
    run.tell('node saved');
    await node.save();
  } else if (roll === 11) {
    run.tell('node killed and back');
    await node.kill();
    await node.restart();
  } else if (roll === 12) {
    const endpoint = pick(dice, run.endpoints);
    run.tell(`${endpoint.name} lags, or no longer`);
    if (dice(2) === 0) endpoint.follow();
    else await endpoint.lagBehind([run.signer.address]);
  }
}
