/** View models for the pages' specs: a full one of each kind, and the same with every text hostile. */
import type { DefinitionContent } from '../../definitions/content.js';
import type { VerificationReport } from '../../verification/report.js';
import type { AnchoringView, BatchAnchorView, BatchPageView, ChainView } from './anchoring-view-models.js';
import type {
  AnchorView,
  BatchesView,
  BatchView,
  CatalogueView,
  ConfirmView,
  CredentialView,
  DefinitionView,
  ErrorView,
  HistoryLineView,
  HistoryView,
  OperatorView,
  PageContext,
  RegisterRow,
  SignInView,
  StartView,
  VerifyView,
} from './view-models.js';

const ID = '2f1c2f86-3c6a-4c57-9d0c-2f3a7a0f6d11';
const AT = '2026-11-20T10:00:00Z';

export const CONTEXT: PageContext = {
  lang: 'sv',
  path: '/catalogue/x',
  langInUrl: true,
  signedIn: true,
  csrf: 'token',
  demo: true,
  assets: (name) => `/assets/${name}`,
};

export const CONTENT: DefinitionContent = {
  title: { sv: 'Reparationsberedskap', en: 'Readiness for repair' },
  summary: { sv: 'Laga optofiber', en: 'Mend optical fibre' },
  tasks: [{ sv: 'Innehavaren kan laga en optofiber.' }],
  learningOutcomes: [
    {
      category: 'knowledge',
      language: 'sv',
      lead: 'Innehavaren kan',
      activity: 'redogöra',
      content: 'för hur lagning av optofiber genomförs',
      context: 'för att akut laga en förbindelse',
      criteria: ['Nämner felkällor'],
    },
  ],
  workload: { hours: 40, ects: '1.5' },
  level: { framework: 'SeQF', level: 4, basis: 'decision', decision: 'MYH 2026/1' },
  assessmentMethods: ['oralOpenQuestions'],
  participation: ['workplace'],
  qualityAssurance: [{ type: 'internal', description: { sv: 'Bedömare kalibreras' } }],
  prerequisites: { sv: 'Körkort' },
  supervision: { sv: 'Legitimation visas' },
  grading: { scale: ['Godkänd', 'Underkänd'] },
  stackability: { sv: 'Del av yrkespaket' },
  authorisations: { sv: 'Ingen' },
  codes: [{ scheme: 'SSYK', version: '2012', code: '7422' }],
  factors: { sv: 'Beredskap' },
  issuerRequirements: { sv: 'Utbildade bedömare' },
  validity: { months: 24 },
  creator: { organisation: ID, did: 'did:web:x', name: 'Skellefteå Kraft' },
  demo: true,
};

const ANCHOR: AnchorView = {
  chainName: 'Inbyggd nod',
  chainId: 31337,
  contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
  anchorer: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
  txHash: '0xa1',
  blockNumber: 7,
  blockHash: '0xb2',
  blockTime: AT,
  state: 'finalised',
  gasUsed: '23090',
  embedded: true,
};

const SEPOLIA_ANCHOR: BatchAnchorView = {
  ...ANCHOR,
  chainName: 'Sepolia',
  chainId: 11_155_111,
  embedded: false,
  currency: 'ETH',
  effectiveGasPrice: '1500000000',
  l1Fee: '1000',
  cost: '34635000001000',
  submittedAt: AT,
  confirmedAt: AT,
  finalisedAt: '2026-11-20T10:15:00Z',
  delaySeconds: 912.5,
  reorganisations: 1,
  sent: [
    { txHash: '0xa0', nonce: 7, submittedAt: AT, maxFeePerGas: '1000000000', outcome: 'replaced' },
    { txHash: '0xa1', nonce: 7, submittedAt: AT, replaces: '0xa0', outcome: 'included' },
    { txHash: '0xa2', nonce: 6, submittedAt: AT, failed: 'nonceUsed', outcome: 'failed' },
    { txHash: '0xa3', nonce: 8, submittedAt: AT, outcome: 'waiting' },
  ],
};

const BATCH: BatchView = {
  number: 1,
  fromIndex: 0,
  toIndex: 11,
  size: 12,
  root: 'cm90',
  credentials: 3,
  sealedAt: AT,
  firstAt: AT,
  anchors: [ANCHOR],
};

const CHAIN: ChainView = {
  ...{ name: 'sepolia', title: 'Sepolia', chainId: 11_155_111, isMain: true, embedded: false, testnet: true },
  currency: 'ETH',
  anchorer: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
  contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
  announcedEnd: '2026-09-30',
  here: true,
  problem: { code: 'noFunds', text: 'the anchorer has nothing' },
  warning: '3 days left',
  lowDays: 3,
  balance: '1500000000000000',
  newestBlock: { number: 7_000_000, time: AT },
  forecast: {
    ...{ anchors: 12, days: 3.5, perAnchor: '34635000001000', anchorsPerDay: 3.43, perDay: '118748571432000' },
    ...{ perCredential: '11545000000333', daysLeft: 3 },
  },
  spentToday: '34635000001000',
  spent: '415620000012000',
  ...{ transactions: 14, replacements: 1, failures: 1, reorganisations: 1 },
  history: [
    { batch: 12, finalisedAt: AT, delaySeconds: 912, cost: '34635000001000', credentials: 3 },
    { batch: 11, finalisedAt: AT, credentials: 0 },
    { batch: 10, finalisedAt: AT, delaySeconds: 1_200, cost: '1', credentials: 2 },
  ],
};

const LINE: HistoryLineView = {
  ...{ index: 7, type: 'MandateGranted', at: AT, by: `organisation:${ID}:steward` },
  data: { mandate: ID, organisation: ID, requirementsChecked: true },
  ...{ batch: 1, anchoredAt: AT, entry: '/log/entries/7', proof: '/log/proof?index=7' },
};

const ROW: RegisterRow = {
  id: ID,
  holder: 'Åsa Öberg',
  title: 'Kökshygien',
  version: 1,
  organisation: 'Arbetsförmedlingen',
  issuedAt: AT,
  state: 'active',
  index: 9,
  batch: 1,
};

export interface SampleViews {
  readonly start: StartView;
  readonly catalogue: CatalogueView;
  readonly definition: DefinitionView;
  readonly credential: CredentialView;
  readonly verify: VerifyView;
  readonly signIn: SignInView;
  readonly operator: OperatorView;
  readonly confirm: ConfirmView;
  readonly batches: BatchesView;
  readonly batch: BatchPageView;
  readonly anchoring: AnchoringView;
  readonly organisationHistory: HistoryView;
  readonly definitionHistory: HistoryView;
  readonly credentialHistory: HistoryView;
  readonly error: ErrorView;
}

export const VIEWS: SampleViews = {
  start: {
    definitions: 13,
    organisations: 6,
    credentials: 1284,
    logSize: 2977,
    origin: 'x/log',
    newestAnchor: { ...ANCHOR, batch: 1 },
  },
  catalogue: {
    query: 'fiber',
    items: [
      {
        id: ID,
        version: 1,
        title: CONTENT.title,
        summary: CONTENT.summary,
        owner: 'Skellefteå Kraft',
        learningOutcomes: 3,
        workload: CONTENT.workload,
        ...(CONTENT.level ? { level: CONTENT.level } : {}),
        retired: true,
        demo: true,
      },
    ],
    next: 'cursor',
  },
  definition: {
    id: ID,
    version: 2,
    content: CONTENT,
    owner: { id: ID, name: 'Skellefteå Kraft' },
    issuers: [{ id: ID, name: 'Skellefteå kommun' }],
    publishedAt: AT,
    index: 44,
    retired: true,
    versions: [{ version: 2, publishedAt: AT, changes: 'Tydligare', retired: true }],
  },
  credential: {
    id: ID,
    organisation: { id: ID, name: 'Skellefteå Kraft' },
    definition: { id: ID, title: CONTENT.title, version: 2 },
    index: 9,
    issuedAt: AT,
    validFrom: AT,
    validUntil: AT,
    digest: '4be1',
    state: 'suspended',
    stateSince: AT,
    reasonCode: 'underReview',
    batch: 1,
    anchor: ANCHOR,
    demo: true,
  },
  verify: { id: ID },
  signIn: { error: 'wrongToken', next: '/operator' },
  operator: {
    query: 'Åsa',
    credentials: [ROW, { ...ROW, state: 'suspended' }, { ...ROW, state: 'revoked' }],
    next: 'cursor',
    batches: [BATCH],
    unanchored: 3,
    notice: 'sealed',
  },
  confirm: { action: 'revoke', credential: ROW, reasons: ['issuedInError'], error: 'reasonMissing' },
  batches: { batches: [BATCH, { ...BATCH, number: 2, anchors: [] }], logSize: 30, next: 'cursor' },
  organisationHistory: {
    ...{ kind: 'organisations', id: ID, name: { sv: 'Skellefteå Kraft' }, names: { [ID]: 'Skellefteå Kraft' } },
    items: [LINE],
    state: { is: 'registered', name: 'Skellefteå Kraft', organisationNumber: '5599000016', keys: [] },
    inName: [{ ...LINE, subject: { kind: 'credentials', id: ID, title: { sv: 'Kökshygien' } } }],
    next: '3',
  },
  definitionHistory: {
    ...{ kind: 'definitions', id: ID, name: { sv: 'Kökshygien' }, names: {}, day: '2026-11-20', badDay: true },
    items: [LINE],
    state: {
      ...{ is: 'created', owner: ID, mandated: [ID] },
      versions: [{ version: 1, publishedAt: AT, retiredAt: AT }],
    },
  },
  credentialHistory: {
    ...{ kind: 'credentials', id: ID, name: { sv: 'Kökshygien', en: 'Kitchen hygiene' }, names: {}, day: '2026-11-20' },
    items: [],
    state: {
      ...{ is: 'revoked', reasonCode: 'issuedInError', validity: 'expired' },
      key: { kid: 'z6Mk', state: 'compromised', stands: false },
      mandate: { mandate: 'owner', state: 'owner' },
      version: { held: 1, newest: 2, retired: true, effect: 'renewalRequired' },
    },
  },
  batch: {
    ...BATCH,
    anchors: [
      { ...ANCHOR, sent: [] },
      SEPOLIA_ANCHOR,
      { ...SEPOLIA_ANCHOR, chainId: 560_048, state: 'closed', covered: false },
      { ...SEPOLIA_ANCHOR, chainId: 84_532, state: 'closed', covered: true },
    ],
    hasNext: true,
  },
  anchoring: {
    chains: [
      CHAIN,
      { ...CHAIN, name: 'hoodi', title: 'Hoodi', chainId: 560_048, isMain: false, here: false, history: [] },
      { ...CHAIN, name: 'old', chainId: 84_532, isMain: false, closedAt: AT },
      {
        ...{ name: 'embedded', chainId: 31_337, isMain: false, embedded: true, testnet: false, currency: 'ETH' },
        ...{ here: true, warning: 'an anchor without a proof', spentToday: '0', spent: '0', history: [] },
        ...{ transactions: 0, replacements: 0, failures: 0, reorganisations: 0 },
      },
    ],
    policy: {
      ...{ intervalSeconds: 3_600, maxAgeSeconds: 86_400, bumpAfterSeconds: 300, witnessIntervalSeconds: 3_600 },
      ...{ maxFeePerGas: '30000000000', maxPerDay: '10000000000000000' },
    },
    clockProblem: 'the clock is wrong',
    waiting: 4_000,
  },
  error: { status: 404, title: 'Fel', detail: 'Finns inte', requestId: 'req-1' },
};

export const REPORT: VerificationReport = {
  verdict: 'valid',
  state: 'active',
  checks: [{ name: 'anchor', outcome: 'pass', detail: 'block 7', trusted: 'the block hash' }],
  credential: { id: `urn:uuid:${ID}`, name: 'Kökshygien', holder: 'Åsa Öberg', validFrom: AT, validUntil: AT },
  anchoredAt: AT,
  asOf: AT,
  now: AT,
  clock: 'verifier',
  keyCustody: 'operator',
  warnings: ['a warning'],
};

/** Closes every context in which a text may stand: element, attribute in either quotes, script, comment, URL. */
export const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(2)>--></title></style>&lt;b&gt;javascript:`;

/** A copy with every text hostile; of the paths named only, the text is kept: what stands there is ours. */
export function hostile<T>(value: T, keep: readonly string[] = [], path = ''): T {
  if (typeof value === 'string') return (keep.includes(path) ? value : `${value}${HOSTILE}${'å'.repeat(3_000)}`) as T;
  if (Array.isArray(value)) return (value as unknown[]).map((item) => hostile(item, keep, path)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, hostile(member, keep, path === '' ? key : `${path}.${key}`)]),
  ) as T;
}
