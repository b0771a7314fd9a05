import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { DefinitionCommands } from './definitions.commands.js';
import { DefinitionsController } from './definitions.controller.js';

@Module({ imports: [CqrsModule], controllers: [DefinitionsController], providers: [DefinitionCommands] })
export class DefinitionsModule {}
