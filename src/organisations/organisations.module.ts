import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { OrganisationCommands } from './organisations.commands.js';
import { OrganisationsController } from './organisations.controller.js';

@Module({ imports: [CqrsModule], controllers: [OrganisationsController], providers: [OrganisationCommands] })
export class OrganisationsModule {}
