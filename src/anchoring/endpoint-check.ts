/**
 * Looks at one endpoint of a chain as the anchorer and the proofs will use it, and spends nothing: whether it answers, of
 * which chain, how fresh it is (S18), what it calls final, whether the contract is there, what an anchor costs, how long the
 * purse lasts, and whether its receipts, headers and logs can be proven. Each finding says what to do.
 * Proven by cli/doctor.command.int.spec.ts, on a real EVM node and with one that is wrong in each way.
 */
import { Transaction } from 'ethers';
import { z } from 'zod';
import { equalBytes } from '../encoding/bytes.js';
import { fromHex0x, toHex0x } from '../encoding/hex.js';
import { keccak256 } from '../verification/keccak.js';
import { ChainError } from './chain.js';
import { callRpc, RpcRefusal } from './json-rpc.js';
import { feesAbove, l1FeeCall, OP_GAS_PRICE_ORACLE, operatorFeeCall, type Network } from './networks.js';
import {
  encodeHeader,
  encodeReceipt,
  inTries,
  proveIndex,
  rpcBlock,
  rpcReceipt,
  unknownMembers,
  type RpcBlock,
  type RpcReceipt,
} from './receipt-proof.js';
import { bigQuantity, bytesOf, data, smallQuantity, toQuantity } from './rpc-values.js';
import {
  CREATE2_DEPLOYER,
  REGISTRY_ADDRESS,
  REGISTRY_CODE_HASH,
  REGISTRY_DEPLOYMENT,
  REGISTRY_TOPIC,
} from './registry.js';

/** `unreached`: nobody answered, so nothing is known. */
export interface Finding {
  readonly check: string;
  readonly is: 'ok' | 'warn' | 'fail' | 'unreached';
  readonly says: string;
  /** What to do about it. */
  readonly advice?: string;
}

export interface EndpointPlan {
  readonly url: string;
  /** Undefined: the embedded chain, or another one that is nobody else's. */
  readonly network: Network | undefined;
  readonly chainId: number;
  /** EIP-55. */
  readonly contract: string;
  /** Whose purse to look at, EIP-55. */
  readonly anchorer: string | undefined;
  /** Seconds from one anchor to the next while something happens. */
  readonly intervalSeconds: number;
  readonly now: () => Date;
  readonly timeoutMs: number;
}

export interface EndpointReport {
  readonly findings: readonly Finding[];
  /** Its newest final block, for comparison with other endpoints. */
  readonly final?: { readonly number: number; readonly hash: string };
}

/** Seconds that clocks may differ (S18). */
const MAX_SKEW = 120;
const ANCHOR = `0x${'5a'.repeat(32)}`;
const SOMEBODY = `0x${'5a'.repeat(20)}`;
const DAY = 86_400;
/** Days that funds should last at least: time to notice and to ask for more. */
const FUNDS_DAYS = 30n;
const LOG_RANGE = 2_000;
/** How far back to look for a block with transactions in it. */
const LOOK_BACK = 8;

/** @throws nothing that the endpoint does: it becomes a finding */
export async function checkEndpoint(plan: EndpointPlan): Promise<EndpointReport> {
  const endpoint = new Endpoint(plan);
  const findings: Finding[] = [];
  const reached = await endpoint.chainId();
  findings.push(reached);
  if (reached.is !== 'ok') return { findings };
  const latest = await endpoint.told('block', () => endpoint.block('latest'));
  if (!isBlock(latest)) return { findings: [...findings, latest] };
  const final = await endpoint.told('finality', () => endpoint.finalBlock());
  findings.push(endpoint.freshness(latest), endpoint.finality(latest, final));
  findings.push(...(await endpoint.contract()));
  findings.push(...(await endpoint.funds(latest)));
  findings.push(...(await endpoint.proofs(latest)));
  findings.push(await endpoint.logs(latest));
  return { findings, ...(isBlock(final) ? { final: { number: final.number, hash: final.hash } } : {}) };
}

/** What endpoints are worth together. @param finals the newest final block of each that answered */
export async function compareEndpoints(
  plans: readonly EndpointPlan[],
  finals: readonly ({ readonly number: number; readonly hash: string } | undefined)[],
): Promise<Finding> {
  const check = 'agreement';
  if (plans.length < 2) {
    return {
      check,
      is: 'warn',
      says: 'one endpoint alone: what is final is one operator’s word',
      advice: 'add a second endpoint of another operator to RPC_URLS',
    };
  }
  const known = finals.filter((final) => final !== undefined);
  const lowest = known.toSorted((a, b) => a.number - b.number)[0];
  if (lowest === undefined) return { check, is: 'unreached', says: 'no endpoint has told a final block' };
  const hashes = await Promise.all(
    plans.map(async (plan) => {
      const block = await new Endpoint(plan).told(check, () => new Endpoint(plan).block(toQuantity(lowest.number)));
      return isBlock(block) ? block.hash : undefined;
    }),
  );
  const told = hashes.filter((hash) => hash !== undefined);
  if (new Set(told).size > 1) {
    return {
      check,
      is: 'fail',
      says: `the endpoints have different blocks ${lowest.number}, which one of them calls final`,
      advice: 'at least one of them is on a fork or lies: look the block up elsewhere and leave that endpoint out',
    };
  }
  const answered = `${told.length} of ${plans.length} endpoints have the same final block ${lowest.number}`;
  return told.length < plans.length ? { check, is: 'warn', says: answered } : { check, is: 'ok', says: answered };
}

class Endpoint {
  constructor(private readonly plan: EndpointPlan) {}

  /** The answer, or the finding that there is none. */
  async told<T>(check: string, ask: () => Promise<T>, advice?: string): Promise<T | Finding> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof RpcRefusal) {
        return { check, is: 'fail', says: `the endpoint refuses: ${error.message}`, ...(advice ? { advice } : {}) };
      }
      if (!(error instanceof ChainError)) throw error;
      const is = error.code === 'rpcUnreachable' || error.code === 'rpcLimited' ? 'unreached' : 'fail';
      return { check, is, says: error.message, ...(advice ? { advice } : {}) };
    }
  }

  async chainId(): Promise<Finding> {
    const check = 'chain id';
    const { chainId, network } = this.plan;
    const advice = 'see whether the URL is whole, with its access key, and whether this machine may reach it';
    const got = await this.told(check, () => this.ask(smallQuantity, 'eth_chainId', []), advice);
    if (typeof got !== 'number') return got;
    if (got === chainId) return { check, is: 'ok', says: `${got}${network ? `, ${network.title}` : ''}` };
    return {
      check,
      is: 'fail',
      says: `the endpoint is of chain ${got}, and ${chainId} is expected`,
      advice: 'name an endpoint of the chain in RPC_URLS, or the endpoint’s chain in CHAIN',
    };
  }

  block(tag: string): Promise<RpcBlock> {
    return this.ask(rpcBlock, 'eth_getBlockByNumber', [tag, false]);
  }

  async finalBlock(): Promise<RpcBlock> {
    const finality = this.plan.network?.finality ?? 'finalized';
    if (finality === 'finalized') return this.block('finalized');
    const newest = await this.ask(smallQuantity, 'eth_blockNumber', []);
    return this.block(toQuantity(Math.max(0, newest - finality.depth)));
  }

  freshness({ number, timestamp }: RpcBlock): Finding {
    const check = 'block';
    const age = Math.round(this.plan.now().getTime() / 1_000 - timestamp);
    if (age < -MAX_SKEW) {
      return {
        check,
        is: 'fail',
        says: `block ${number} is ${-age} s in the future: this machine’s clock is behind, and more than ${MAX_SKEW} s is too much (S18)`,
        advice: 'set the clock: chrony, systemd-timesyncd or ntpd must run',
      };
    }
    const { network } = this.plan;
    if (network === undefined) return { check, is: 'ok', says: `${number}, ${Math.max(0, age)} s old` };
    if (age > Math.max(MAX_SKEW, 10 * network.blockSeconds)) {
      return {
        check,
        is: 'warn',
        says: `the newest block, ${number}, is ${age} s old; ${network.title} has one every ${network.blockSeconds} s`,
        advice:
          'the endpoint is behind, the chain stands still, or this machine’s clock is ahead (S18): ask another one',
      };
    }
    return { check, is: 'ok', says: `${number}, ${Math.max(0, age)} s old` };
  }

  finality(latest: RpcBlock, final: RpcBlock | Finding): Finding {
    const check = 'finality';
    if (!isBlock(final)) {
      return { ...final, advice: 'without a final block no anchor is ever finished: take another endpoint' };
    }
    const behind = latest.number - final.number;
    const seconds = latest.timestamp - final.timestamp;
    return { check, is: 'ok', says: `block ${final.number}, ${behind} blocks and ${seconds} s behind the newest` };
  }

  async contract(): Promise<readonly Finding[]> {
    const { contract } = this.plan;
    const code = await this.told('contract', () => this.ask(data, 'eth_getCode', [contract, 'latest']));
    if (typeof code !== 'string') return [code];
    if (code === '0x') return [this.noContract(), await this.deployer()];
    const hash = toHex0x(keccak256(fromHex0x(code)));
    if (hash !== REGISTRY_CODE_HASH) {
      return [
        {
          check: 'contract',
          is: 'fail',
          says: `the code at ${contract} has the hash ${hash} and is not the registry’s (${REGISTRY_CODE_HASH})`,
          advice: `unset ANCHOR_CONTRACT, so that it is ${REGISTRY_ADDRESS}`,
        },
      ];
    }
    const found: Finding = { check: 'contract', is: 'ok', says: `the registry is at ${contract}` };
    return [found, await this.call()];
  }

  private noContract(): Finding {
    const { contract } = this.plan;
    const advice =
      contract === REGISTRY_ADDRESS
        ? `deploy it, anybody may: a transaction to ${CREATE2_DEPLOYER} with the data ${REGISTRY_DEPLOYMENT} (docs/anchoring.md)`
        : `unset ANCHOR_CONTRACT, so that it is ${REGISTRY_ADDRESS}, or deploy the registry there`;
    return { check: 'contract', is: 'fail', says: `there is no contract at ${contract}`, advice };
  }

  private async deployer(): Promise<Finding> {
    const check = 'deployer';
    const code = await this.told(check, () => this.ask(data, 'eth_getCode', [CREATE2_DEPLOYER, 'latest']));
    if (typeof code !== 'string') return code;
    if (code !== '0x') return { check, is: 'ok', says: `the deployer is at ${CREATE2_DEPLOYER}` };
    return {
      check,
      is: 'fail',
      says: `there is no deployer at ${CREATE2_DEPLOYER}`,
      advice: 'put it there first: github.com/Arachnid/deterministic-deployment-proxy has its signed transaction',
    };
  }

  private async call(): Promise<Finding> {
    const check = 'call';
    const call = { from: this.plan.anchorer ?? SOMEBODY, to: this.plan.contract, data: ANCHOR };
    const answer = await this.told(check, () => this.ask(data, 'eth_call', [call, 'latest']));
    if (typeof answer !== 'string') return answer;
    if (answer === '0x') return { check, is: 'ok', says: 'a trial anchor goes through (eth_call, nothing sent)' };
    return { check, is: 'fail', says: 'a trial anchor is answered with data, and the registry has none to give' };
  }

  async funds(latest: RpcBlock): Promise<readonly Finding[]> {
    const { anchorer, contract, network } = this.plan;
    const call = { from: anchorer ?? SOMEBODY, to: contract, data: ANCHOR };
    const gas = await this.told('gas', () => this.ask(bigQuantity, 'eth_estimateGas', [call]));
    if (typeof gas !== 'bigint') return [gas];
    if (latest.baseFeePerGas === undefined) {
      return [{ check: 'gas', is: 'fail', says: 'the chain has no fees by EIP-1559, which anchors are sent with' }];
    }
    const asked = await this.told('gas', () => this.ask(bigQuantity, 'eth_maxPriorityFeePerGas', []));
    if (typeof asked !== 'bigint') return [asked];
    const priority = larger(asked, network?.minPriorityFee ?? 0n);
    const price = BigInt(latest.baseFeePerGas) + priority;
    const above = feesAbove(network) === 'oracle' ? await this.told('gas', () => this.feeAbove(gas, price)) : 0n;
    if (typeof above !== 'bigint') return [above];
    const cost = gas * price + above;
    const unit = network?.currency ?? 'ETH';
    const beside = above > 0n ? `, ${amount(above)} ${unit} of it for the chain above` : '';
    const said = `an anchor takes ${gas} gas at ${price} wei: ${amount(cost)} ${unit}${beside}`;
    return [{ check: 'gas', is: 'ok', says: said }, await this.balance(cost, unit)];
  }

  /** What is paid beside gas on the OP stack, wei. */
  private async feeAbove(gasLimit: bigint, price: bigint): Promise<bigint> {
    const { chainId, contract } = this.plan;
    const transaction = { chainId, to: contract, data: ANCHOR, nonce: 1_000, gasLimit };
    const { unsignedSerialized } = Transaction.from({
      ...{ type: 2, ...transaction },
      ...{ maxFeePerGas: price, maxPriorityFeePerGas: price },
    });
    const ask = (data: string): Promise<bigint> =>
      this.ask(bytesOf(32).transform(BigInt), 'eth_call', [{ to: OP_GAS_PRICE_ORACLE, data }, 'latest']);
    const forData = await ask(l1FeeCall(unsignedSerialized));
    // Refused before the fork Isthmus: there is none then.
    const forOperator = await ask(operatorFeeCall(gasLimit)).catch((error: unknown) => {
      if (error instanceof RpcRefusal) return 0n;
      throw error;
    });
    return forData + forOperator;
  }

  private async balance(cost: bigint, unit: string): Promise<Finding> {
    const check = 'balance';
    const { anchorer, intervalSeconds } = this.plan;
    if (anchorer === undefined) {
      return { check, is: 'warn', says: 'no key is configured', advice: 'name the address to look at: --address' };
    }
    const balance = await this.told(check, () => this.ask(bigQuantity, 'eth_getBalance', [anchorer, 'latest']));
    if (typeof balance !== 'bigint') return balance;
    const advice = `send ${unit} to ${anchorer}`;
    if (balance < cost) {
      return {
        check,
        is: 'fail',
        says: `${anchorer} has ${amount(balance)} ${unit}, less than one anchor costs`,
        advice,
      };
    }
    const days = cost === 0n ? undefined : (balance * BigInt(intervalSeconds)) / (cost * BigInt(DAY));
    const lasts =
      days === undefined ? 'anchors cost nothing' : `enough for ${days} days with an anchor every ${intervalSeconds} s`;
    const says = `${anchorer} has ${amount(balance)} ${unit}, ${lasts}`;
    if (days === undefined || days >= FUNDS_DAYS) return { check, is: 'ok', says };
    return { check, is: 'warn', says, advice: `${advice}, or anchor more seldom (ANCHOR_INTERVAL)` };
  }

  async proofs(latest: RpcBlock): Promise<readonly Finding[]> {
    const isWhole = toHex0x(keccak256(encodeHeader(latest))) === latest.hash;
    const header: Finding = isWhole
      ? { check: 'header', is: 'ok', says: `block ${latest.number} hashes to what it is called` }
      : {
          check: 'header',
          is: 'fail',
          says: `the members of block ${latest.number} do not hash to ${latest.hash}`,
          advice: headerAdvice(unknownMembers(latest)),
        };
    return [header, await this.receipts(latest)];
  }

  private async receipts(latest: RpcBlock): Promise<Finding> {
    const check = 'receipts';
    const advice = 'without all receipts of a block no proof can be made from it: take another endpoint';
    const block = await this.told(check, () => this.blockWithTransactions(latest), advice);
    if (block === undefined)
      return { check, is: 'warn', says: 'no transaction in the newest blocks to try a proof on' };
    if (!isBlock(block)) return block;
    const receipts = await this.told(check, () => this.receiptsOf(block), advice);
    if (!Array.isArray(receipts)) return receipts as Finding;
    const inOrder = (receipts as readonly RpcReceipt[]).toSorted((a, b) => a.transactionIndex - b.transactionIndex);
    const all = inTries(block, inOrder, ({ transactionHash }) => transactionHash);
    const { root } = await proveIndex(all.map(encodeReceipt), 0);
    if (equalBytes(root, fromHex0x(block.receiptsRoot))) {
      return { check, is: 'ok', says: `the ${all.length} of block ${block.number} hash to its receipts root` };
    }
    return {
      check,
      is: 'fail',
      says: `the ${all.length} of block ${block.number} do not hash to its receipts root`,
      advice,
    };
  }

  private async blockWithTransactions(latest: RpcBlock): Promise<RpcBlock | undefined> {
    let block = latest;
    const isEmpty = (one: RpcBlock): boolean => inTries(one, one.transactions, (hash) => hash).length === 0;
    for (let i = 0; i < LOOK_BACK && isEmpty(block) && block.number > 0; i++) {
      block = await this.block(toQuantity(block.number - 1));
    }
    return isEmpty(block) ? undefined : block;
  }

  private async receiptsOf(block: RpcBlock): Promise<readonly RpcReceipt[]> {
    try {
      return await this.ask(z.array(rpcReceipt), 'eth_getBlockReceipts', [block.hash]);
    } catch (error) {
      // Not every node knows the method, or takes a hash there.
      if (!(error instanceof RpcRefusal || (error instanceof ChainError && error.code === 'badAnswer'))) throw error;
    }
    const receipts: RpcReceipt[] = [];
    for (const hash of inTries(block, block.transactions, (one) => one)) {
      receipts.push(await this.ask(rpcReceipt, 'eth_getTransactionReceipt', [hash]));
    }
    return receipts;
  }

  async logs(latest: RpcBlock): Promise<Finding> {
    const check = 'logs';
    const advice = 'without logs nobody can see whether the key is used elsewhere (S16): take another endpoint';
    const range = {
      fromBlock: toQuantity(Math.max(0, latest.number - LOG_RANGE + 1)),
      toBlock: toQuantity(latest.number),
    };
    const filter = { address: this.plan.contract, topics: [REGISTRY_TOPIC], ...range };
    const found = await this.told(check, () => this.ask(z.array(z.unknown()), 'eth_getLogs', [filter]), advice);
    if (!Array.isArray(found)) return found;
    return { check, is: 'ok', says: `${found.length} anchors of all ledgers in the last ${LOG_RANGE} blocks` };
  }

  private async ask<T>(answer: z.ZodType<T>, method: string, params: readonly unknown[]): Promise<T> {
    const result = answer.safeParse(await callRpc(this.plan.url, method, params, this.plan.timeoutMs));
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    throw new ChainError(
      'badAnswer',
      `${method}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not as it should be'}`,
    );
  }
}

function headerAdvice(unknown: readonly string[]): string {
  if (unknown.length === 0)
    return 'the endpoint changes headers, so no proof can be made from them: take another endpoint';
  return (
    `a fork has added what this version does not know (${unknown.slice(0, 5).join(', ')}): update Meritkedja; until then ` +
    'anchors are final without a proof, unless an endpoint answers debug_getRawHeader'
  );
}

function isBlock(value: RpcBlock | Finding | undefined): value is RpcBlock {
  return value !== undefined && 'receiptsRoot' in value;
}

/** Wei as a decimal number of the currency, six digits behind the point, rounded down; more for what is less. */
function amount(wei: bigint): string {
  const digits = wei.toString().padStart(19, '0');
  const [whole, part] = [digits.slice(0, -18), digits.slice(-18)];
  const end = Math.max(6, part.search(/[1-9]/) + 3);
  return `${whole}.${part.slice(0, whole === '0' ? end : 6)}`;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
