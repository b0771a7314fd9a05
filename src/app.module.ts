/** Everything together: one opened ledger, the contexts' modules, the web around them. */
import { Module, type DynamicModule } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { CredentialsModule } from './credentials/credentials.module.js';
import { DefinitionsModule } from './definitions/definitions.module.js';
import { Ledger } from './ledger.js';
import { LedgerModule } from './ledger.module.js';
import { OrganisationsModule } from './organisations/organisations.module.js';
import { WebModule } from './web/web.module.js';

@Module({})
export class AppModule {
  static over(ledger: Ledger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CqrsModule.forRoot(),
        LedgerModule.of(ledger),
        OrganisationsModule,
        DefinitionsModule,
        CredentialsModule,
        WebModule,
      ],
    };
  }
}
