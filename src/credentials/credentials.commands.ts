/** The seam between HTTP or the command line and credentials: three command classes, three thin handlers. */
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { handle, type Handled } from '../event-store/handle.js';
import { Ledger } from '../ledger.js';
import { eventIdsOf, type RequestContext } from '../request-context.js';
import { credentialStream } from './credential.events.js';
import { credentialDecider, type CredentialCommand, type CredentialState } from './credential.js';
import type { AssessmentInput, IssueInput } from './credentials.schema.js';
import { recordAssessment, type Assessed } from './record-assessment.js';
import { issueCredential, type Issued } from './issue.js';

/** Issue one credential. */
export class IssueRequest extends Command<Issued> {
  constructor(
    readonly input: IssueInput,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(IssueRequest)
export class IssueCommands implements ICommandHandler<IssueRequest> {
  constructor(private readonly ledger: Ledger) {}

  execute({ input, request }: IssueRequest): Promise<Issued> {
    return issueCredential(this.ledger, input, request);
  }
}

/** Record an assessment without issuing: partial results are kept. */
export class AssessmentRequest extends Command<Assessed> {
  constructor(
    readonly input: AssessmentInput,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(AssessmentRequest)
export class AssessmentCommands implements ICommandHandler<AssessmentRequest> {
  constructor(private readonly ledger: Ledger) {}

  execute({ input, request }: AssessmentRequest): Promise<Assessed> {
    return recordAssessment(this.ledger, input, request);
  }
}

/** Change the status of a credential: suspend, reinstate, revoke, void. */
export class StatusRequest extends Command<Handled<CredentialState>> {
  constructor(
    readonly id: string,
    readonly command: Exclude<CredentialCommand, { type: 'IssueCredential' }>,
    readonly request: RequestContext,
    readonly expectedRevision?: number,
  ) {
    super();
  }
}

@CommandHandler(StatusRequest)
export class StatusCommands implements ICommandHandler<StatusRequest> {
  constructor(private readonly ledger: Ledger) {}

  execute({ id, command, request, expectedRevision }: StatusRequest): Promise<Handled<CredentialState>> {
    const stream = credentialStream(id);
    return handle(this.ledger.store, credentialDecider, {
      stream,
      command,
      context: undefined,
      meta: { at: request.at, by: request.by, eventIds: eventIdsOf(request, stream, command.type) },
      seal: (facts, place) => this.ledger.vault.seal(facts, place),
      ...(expectedRevision === undefined ? {} : { expectedRevision }),
    });
  }
}
