import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { AssessmentCommands, IssueCommands, StatusCommands } from './credentials.commands.js';
import { AssessmentsController } from './assessments.controller.js';
import { CredentialsController } from './credentials.controller.js';

@Module({
  imports: [CqrsModule],
  controllers: [AssessmentsController, CredentialsController],
  providers: [AssessmentCommands, IssueCommands, StatusCommands],
})
export class CredentialsModule {}
