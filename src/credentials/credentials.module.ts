import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { IssueCommands, StatusCommands } from './credentials.commands.js';
import { CredentialsController } from './credentials.controller.js';

@Module({ imports: [CqrsModule], controllers: [CredentialsController], providers: [IssueCommands, StatusCommands] })
export class CredentialsModule {}
