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
}
