/**
 * Lint rules. The first half is TypeScript's usual ones, checked with types. The second half keeps the architecture:
 * what may import what (CONTRIBUTING.md says why), as one table of zones. A zone names the files it binds (`target`),
 * what they must not import (`from`) and what of that they may all the same (`except`).
 */
import js from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** The contexts: each decides its own events. */
const CONTEXTS = ['organisations', 'definitions', 'credentials', 'pathways', 'holders', 'anchoring'];

/** What a context shows to others: its event types, and the shapes that stand in them. */
const PUBLIC_FILES = ['**/*.events.ts', '**/content.ts', '**/standing.ts'];

/** Vocabulary without rules or state, for every context: input schemas, and pure functions of one value. */
const VOCABULARY = [
  '**/*.schema.ts',
  '**/organisations/did.ts',
  '**/holders/personal-number.ts',
  '**/holders/share-crypto.ts',
];

/** Files that know of Nest. They also put contexts together: the read side of one, the commands of another. */
const NEST_FILES = ['*.module', '*.controller', '*.commands', '*.queries', '*.process'];

/** These put contexts together too, without Nest: the steps of issuing, signing status lists, collecting a bundle. */
const COMPOSITION = [...NEST_FILES, 'issue', 'assess', 'status-publisher', 'proof-bundle'];

/** Issuing is decided on the states of a definition and an organisation (S7): their folds, here and nowhere else. */
const DECIDED_ON = {
  credentials: [
    '**/definitions/{definition,known-definition}.ts',
    '**/organisations/{organisation,known-organisation}.ts',
  ],
};

/** The pure folders and files that the verifier may import: it runs in a browser, with the service gone. */
const VERIFIER_MAY_IMPORT = [
  '**/src/verification/**',
  '**/src/encoding/**',
  '**/src/log/{hash,proof-check,note,checkpoint,ed25519,tlog-proof}.ts',
  '**/src/event-store/{decider,event-store,entry,upcasting}.ts',
  '**/src/event-types.ts',
  '**/src/crypto/ed25519-strict.ts',
  '**/src/credentials/achievement.ts',
  '**/src/errors.ts',
  ...PUBLIC_FILES,
];

/** All sources under a folder but those whose names match; tests are free to import what they test with. */
function sources(folder, { but = [] } = {}) {
  return `./src/${folder}/!(${['*.spec', '*.fixture', ...but].join('|')}).{ts,tsx}`;
}

const zones = [
  ...CONTEXTS.map((context) => ({
    target: sources(`${context}/**`, { but: COMPOSITION }),
    from: `./src/{${CONTEXTS.filter((other) => other !== context).join(',')}}/**`,
    except: [...PUBLIC_FILES, ...VOCABULARY, ...(DECIDED_ON[context] ?? [])],
    message: "A context imports another's event types, never its decider, read model or module.",
  })),
  {
    target: sources('verification/**'),
    from: './src/**',
    except: VERIFIER_MAY_IMPORT,
    message: 'The verifier imports only pure code: encodings, the log’s hashes and notes, event types.',
  },
  {
    target: sources('verification/**'),
    from: './node_modules',
    except: ['./@noble'],
    message: 'The verifier imports no package but @noble/*.',
  },
  {
    target: [sources('!(web|demo)/**', { but: NEST_FILES }), './src/!(main|*.module).ts'],
    from: './node_modules/@nestjs',
    message: 'Nest belongs to modules, controllers, command, query and process files, web/, demo/, main.ts.',
  },
  {
    target: [
      './src/*.ts',
      sources('!(anchoring|cli)/**'),
      sources('anchoring/**', {
        but: [
          'ethers-chain',
          'registry',
          'embedded-node',
          'anchor-signer',
          'anchorer-rotation',
          'anchor-transaction',
          'remote-anchor-signer',
          'keystore-file',
          'endpoint-check',
        ],
      }),
    ],
    from: './node_modules/ethers',
    message:
      'ethers belongs to the chain port (anchoring/ethers-chain.ts, registry.ts, embedded-node.ts, the signers) and cli/.',
  },
  {
    target: ['./src/*.ts', sources('**', { but: ['sqlite-file'] })],
    from: './node_modules/better-sqlite3',
    message: 'The SQLite driver has one handle: event-store/sqlite-file.ts.',
  },
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'data/', 'coverage/', '.cache/'] },
  js.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: {
      // Node's own globals, as this Node has them.
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
    },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [
        createNodeResolver({ extensionAlias: { '.js': ['.ts', '.tsx', '.js'] }, conditionNames: ['import', 'node'] }),
      ],
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Methods of a port are async by signature, whether this adapter waits for anything or not.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: 'error',
      'import-x/no-default-export': 'error',
      'import-x/no-duplicates': 'error',
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    rules: { 'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }] },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    ignores: ['**/*.spec.ts', '**/*.spec.tsx'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'The environment is read in config.ts alone, once, at start.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Error']",
          message:
            'Throw one of errors.ts (InvariantError for our own bugs): a bare Error says nothing to its catcher.',
        },
      ],
    },
  },
  { files: ['src/config.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['src/verification/**/*.ts', 'src/encoding/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'import-x/no-nodejs-modules': 'error',
      'no-restricted-globals': [
        'error',
        ...['Buffer', 'process', 'fetch'].map((name) => ({ name, message: 'Pure code runs in a browser too.' })),
      ],
    },
  },
  {
    // Tests read JSON and fixtures as they come, and mock what they must.
    files: ['**/*.spec.ts', '**/*.spec.tsx', 'test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
