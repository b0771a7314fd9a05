/**
 * For tests only: receipts of blocks of chains with rules of their own, with the roots that their headers have. From the
 * tests of op-reth (github.com/paradigmxyz/reth, later ethereum-optimism/optimism, consensus/src/proof.rs), which took them
 * from the chains. Blooms are left out there, and made from the logs here.
 */
import { keccak256 } from '../verification/keccak.js';
import { fromHex, toHex0x } from '../encoding/hex.js';

interface Log {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

/** A word with leading zeros. */
const word = (digits: string): string => `0x${digits.padStart(64, '0')}`;

const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
const TRANSFER_SINGLE = '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62';
const SYNC = '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1';
const SWAP = '0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822';

/** Two tokens moved, and a third event, as the block's first two transactions did for one holder each. */
function minted(holder: string): readonly Log[] {
  const address = '0xddb6dcce6b794415145eb5caa6cd335aeda9c272';
  const [by, nobody, one] = [word(holder), word(''), word('1').slice(2)];
  return [
    { address, topics: [TRANSFER_SINGLE, by, by, nobody], data: word('2') + one },
    { address, topics: [TRANSFER_SINGLE, by, nobody, by], data: word('3') + one },
    {
      address,
      topics: ['0x0eb774bb9698a73583fe07b6972cf2dcc08d1d97581a22861f45feb86b395820', by, by],
      data: word('3'),
    },
  ];
}

const [USER, ROUTER, PAIR, OTHER_PAIR] = [
  'c3feb4ef4c2a5af77add15c95bd98f6b43640cc8',
  '29843613c7211d014f5dd5718cf32bcd314914cb',
  '2992607c1614484fe6d865088e5c048f0650afd4',
  '8dbffe4c8bf3caf5deae3a99b50cfcf3648cbc09',
];
const none = word('').slice(2);
const swapped: readonly Log[] = [
  {
    address: '0x4200000000000000000000000000000000000006',
    topics: [TRANSFER, word(USER), word(PAIR)],
    data: word('18de76816d8000'),
  },
  {
    address: '0xcf8e7e6b26f407dee615fc4db18bf829e7aa8c09',
    topics: [TRANSFER, word(PAIR), word(OTHER_PAIR)],
    data: word('2d24d8e9ac1aa79e2'),
  },
  {
    address: `0x${PAIR}`,
    topics: [SYNC],
    data: word('9bd50642785c15736') + word('11bb7ac324f724a29bbbf').slice(2),
  },
  {
    address: `0x${PAIR}`,
    topics: [SWAP, word(ROUTER), word(OTHER_PAIR)],
    data: word('18de76816d8000') + none + none + word('2d24d8e9ac1aa79e2').slice(2),
  },
  {
    address: '0x6d0f8d488b669aa9ba2d0f0b7b75a88bf5051cd3',
    topics: [TRANSFER, word(OTHER_PAIR), word(USER)],
    data: word('14bc73062aea8093'),
  },
  {
    address: `0x${OTHER_PAIR}`,
    topics: [SYNC],
    data: word('2f122cfadc1ca82a35') + word('665879dc0609945d6d1').slice(2),
  },
  {
    address: `0x${OTHER_PAIR}`,
    topics: [SWAP, word(ROUTER), word(USER)],
    data: word('') + word('2d24d8e9ac1aa79e2').slice(2) + word('14bc73062aea8093').slice(2) + none,
  },
];

const TOKEN = '0xac6564f3718837caadd42eed742d75c12b90a052';
const OWNER = word('a4fa7f3fbf0677f254ebdb1646146864c305b76e');
const ID = word('11a1d3');
const URI =
  '697066733a2f2f516d515141646b33736538396b47716577395256567a316b68643548375562476d4d4a485a62566f386a6d346f4a2f30000000000000000000';
const wordOf = (digits: string): string => digits.padStart(64, '0');
const named: readonly Log[] = [
  { address: TOKEN, topics: [TRANSFER, word(''), OWNER, ID], data: '0x' },
  {
    address: TOKEN,
    topics: ['0x9d89e36eadf856db0ad9ffb5a569e07f95634dddd9501141ecf04820484ad0dc', OWNER, ID],
    data: `0x${wordOf('20')}${wordOf('37')}${URI}`,
  },
  {
    address: TOKEN,
    topics: [
      '0x110d160a1bedeea919a88fbc4b2a9fb61b7e664084391b6ca2740db66fef80fe',
      word('84d47f6eea8f8d87910448325519d1bb45c2972a'),
      OWNER,
      ID,
    ],
    data: `0x${[
      ...[wordOf('20'), OWNER.slice(2), none, none, none, wordOf('140'), none],
      ...[wordOf('eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'), none, wordOf('77175007')],
      ...['6234303430366135303564623463396138616331643330633563333230326537', wordOf('37'), URI],
    ].join('')}`,
  },
];

function bloomOf(logs: readonly Log[]): string {
  const bloom = new Uint8Array(256);
  for (const value of logs.flatMap(({ address, topics }) => [address, ...topics])) {
    const hash = new DataView(keccak256(fromHex(value.slice(2))).buffer);
    for (const at of [0, 2, 4]) {
      const bit = hash.getUint16(at) & 2047;
      bloom[255 - (bit >> 3)]! |= 1 << (bit & 7);
    }
  }
  return toHex0x(bloom);
}

function receipt(index: number, type: string, gas: number, logs: readonly Log[], more: object = {}): object {
  return {
    transactionHash: word(String(index + 1)),
    transactionIndex: `0x${index}`,
    blockHash: word('b'),
    blockNumber: '0x1',
    type,
    status: '0x1',
    cumulativeGasUsed: `0x${gas.toString(16)}`,
    gasUsed: '0x1',
    logsBloom: bloomOf(logs),
    logs,
    ...more,
  };
}

export interface KnownReceipts {
  readonly of: string;
  readonly receipts: readonly object[];
  /** As the block's header has it. */
  readonly root: string;
}

const deposit = (block: string, gas: number, depositNonce: string, root: string): KnownReceipts => ({
  of: `${block}: a deposit alone, before Canyon`,
  receipts: [receipt(0, '0x7e', gas, [], { depositNonce })],
  root,
});

export const KNOWN_RECEIPTS: readonly KnownReceipts[] = [
  {
    of: 'OP Goerli: a deposit before Canyon and four calls',
    receipts: [
      receipt(0, '0x7e', 46_913, [], { depositNonce: '0x3d3bbf' }),
      receipt(1, '0x2', 118_083, minted('c498902843af527e674846bb7edefa8ad62b8fb9')),
      receipt(2, '0x2', 189_253, minted('9d521a04bee134ff8136d2ec957e5bc8c50394ec')),
      receipt(3, '0x2', 346_969, swapped),
      receipt(4, '0x2', 623_249, named),
    ],
    root: '0xe255fed45eae7ede0556fe4fabc77b0d294d18781a5a581cab09127bc4cd9ffb',
  },
  deposit(
    'Manta Sepolia 863731',
    0xf9f5,
    '0xd2df2',
    '0x3c715dd96d2597ccd46fde046da5e4b13e0a5b7d0a2ff60c3ee6c92fee9600ea',
  ),
  deposit(
    'Manta Sepolia 549192',
    0xccfd,
    '0x86147',
    '0xdbf9def3e8d930433596aa91b3ad3279652031ca45b1a3ca92785703f84aa6b0',
  ),
  deposit(
    'Manta Sepolia 697672',
    0xc545,
    '0xaa547',
    '0x0e7c255df3e2b7ca4d55b82047531f7f3e7437ab1eb33e22eca70653c874982d',
  ),
];
