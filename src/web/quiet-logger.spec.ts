import { afterEach, expect, it, jest } from '@jest/globals';
import { loggerAt } from './quiet-logger.js';

const isTerminal = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY');
afterEach(() => {
  jest.restoreAllMocks();
  if (isTerminal) Object.defineProperty(process.stdout, 'isTTY', isTerminal);
  else delete (process.stdout as { isTTY?: boolean }).isTTY;
});

it('writes colours to a terminal alone, and only what its level has', () => {
  let written = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
  for (const [terminal, escapes] of [
    [undefined, false],
    [true, true],
  ] as const) {
    Object.defineProperty(process.stdout, 'isTTY', { value: terminal, configurable: true });
    written = '';
    const logger = loggerAt('warn');
    if (logger === false) throw new TypeError('a logger is expected');
    logger.log('not this', 'chain');
    logger.warn('the purse', 'chain');
    expect(written).toContain('the purse');
    expect(written).not.toContain('not this');
    expect(written.includes('\u001b[')).toBe(escapes);
  }
});
