/**
 * Nest's console logger without its list of every module and route at start: what is left is worth reading.
 * Proven by quiet-logger.spec.ts.
 */
import { ConsoleLogger, type LogLevel as NestLogLevel } from '@nestjs/common';
import type { LogLevel } from '../config.js';

const NOISE: ReadonlySet<string> = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

export class QuietLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && NOISE.has(context)) return;
    super.log(message, ...rest);
  }

  /** Nest tells of a port that is taken in a stack trace; `service.ts` says it in one line. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (typeof message === 'string' && message.includes('EADDRINUSE')) return;
    super.error(message, ...rest);
  }
}

/** What is written at a level; `silent` writes nothing. */
export function loggerAt(level: LogLevel): QuietLogger | false {
  const order: NestLogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];
  const least: Record<Exclude<LogLevel, 'silent'>, NestLogLevel> = {
    fatal: 'fatal',
    error: 'error',
    warn: 'warn',
    info: 'log',
    debug: 'debug',
    trace: 'verbose',
  };
  if (level === 'silent') return false;
  return new QuietLogger('Meritkedja', {
    // Undefined where it is a file, which Nest takes for yes.
    colors: process.stdout.isTTY === true,
    logLevels: order.slice(0, order.indexOf(least[level]) + 1),
  });
}
