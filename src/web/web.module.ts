import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { Registry } from 'prom-client';
import { BackupController } from '../archive/backup.controller.js';
import { BatchesController } from '../anchoring/batches.controller.js';
import { ChainsController } from '../anchoring/chains.controller.js';
import { ErasureController } from '../holders/erasure.controller.js';
import { ReadModelsController } from '../event-store/read-models.controller.js';
import { KeysController } from '../holders/keys.controller.js';
import { SharesController } from '../holders/shares.controller.js';
import { HistoryController } from '../history/history.controller.js';
import { Ledger } from '../ledger.js';
import { LogController } from '../log/log.controller.js';
import { AccessGuard, AdminToken } from './access.guard.js';
import { AnchoringPagesController } from './anchoring-pages.controller.js';
import { metricsOf } from './metrics.js';
import { OpenApi } from './openapi.js';
import { PagesController } from './pages.controller.js';
import { PositionGuard } from './position.guard.js';
import { ProblemFilter } from './problem.filter.js';
import { ReadOnlyGuard } from './read-only.guard.js';
import { ReadinessGuard } from './readiness.guard.js';
import { RoleGuard } from './role.guard.js';
import { Sessions } from './sessions.js';
import { SignInAttempts } from './sign-in-attempts.js';
import { SystemController } from './system.controller.js';
import { VerificationController } from './verification.controller.js';
import { ViewModels } from './view-models.js';

@Module({
  imports: [CqrsModule, DiscoveryModule],
  controllers: [
    SystemController,
    LogController,
    BackupController,
    BatchesController,
    ChainsController,
    ReadModelsController,
    ErasureController,
    HistoryController,
    SharesController,
    KeysController,
    VerificationController,
    PagesController,
    AnchoringPagesController,
  ],
  providers: [
    OpenApi,
    { provide: ViewModels, useFactory: (ledger: Ledger) => new ViewModels(ledger), inject: [Ledger] },
    { provide: AdminToken, useFactory: (ledger: Ledger) => new AdminToken(ledger.adminToken), inject: [Ledger] },
    { provide: Registry, useFactory: metricsOf, inject: [Ledger] },
    { provide: Sessions, useFactory: () => new Sessions() },
    { provide: SignInAttempts, useFactory: () => new SignInAttempts() },
    { provide: APP_FILTER, useFactory: (ledger: Ledger) => new ProblemFilter(ledger), inject: [Ledger] },
    { provide: APP_GUARD, useClass: RoleGuard },
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_GUARD, useClass: ReadOnlyGuard },
    { provide: APP_GUARD, useClass: ReadinessGuard },
    { provide: APP_GUARD, useClass: PositionGuard },
  ],
})
export class WebModule {}
