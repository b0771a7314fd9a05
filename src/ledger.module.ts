/** Hands the one opened ledger to every module. */
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Ledger } from './ledger.js';

@Global()
@Module({})
export class LedgerModule {
  static of(ledger: Ledger): DynamicModule {
    return { module: LedgerModule, providers: [{ provide: Ledger, useValue: ledger }], exports: [Ledger] };
  }
}
