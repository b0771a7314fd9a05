/** Nest's console logger without its list of every module and route at start: what is left is worth reading. */
import { ConsoleLogger } from '@nestjs/common';

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
