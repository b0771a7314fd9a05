/** `npm run lint`: types, format and lint rules, all three even when the first fails, so that one run shows all. */
import { main, mustRun, say, StepError, tool } from './processes.mjs';
import { setUp } from './set-up.mjs';

const CHECKS = [
  {
    title: 'Types (tsc)',
    ...tool('typescript/bin/tsc', '--noEmit', '--pretty', '-p', 'tsconfig.json'),
    advice: 'correct the types',
  },
  {
    title: 'Format (prettier)',
    ...tool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
    advice: 'run `npm run format`',
  },
  {
    title: 'Lint rules (eslint)',
    ...tool('eslint/bin/eslint.js', '--max-warnings', '0', '.'),
    advice: 'correct the lines named; CONTRIBUTING.md says why each import rule is there',
  },
];

await main(async () => {
  await setUp({ need: ['install'] });
  const failures = [];
  for (const check of CHECKS) {
    try {
      await mustRun(check);
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      say(`  ${error.message}`);
      failures.push(error);
    }
  }
  if (failures.length > 0) {
    throw new StepError(
      `${failures.length} of ${CHECKS.length} checks`,
      failures.map((failure) => failure.advice).join('; '),
    );
  }
});
