/** The seam between HTTP or the command line and organisations: one command class, one thin handler. */
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { handle, type Handled } from '../event-store/handle.js';
import { organisationVault } from '../holders/vault.js';
import { Ledger } from '../ledger.js';
import { eventIdsOf, type RequestContext } from '../request-context.js';
import { organisationStream } from './organisation.events.js';
import { organisationDecider, type OrganisationCommand, type OrganisationState } from './organisation.js';

/** A command on one organisation. */
export class OrganisationRequest extends Command<Handled<OrganisationState>> {
  constructor(
    readonly id: string,
    readonly command: OrganisationCommand,
    readonly request: RequestContext,
    /** Revision that the caller saw (If-Match). */
    readonly expectedRevision?: number,
  ) {
    super();
  }
}

@CommandHandler(OrganisationRequest)
export class OrganisationCommands implements ICommandHandler<OrganisationRequest> {
  constructor(private readonly ledger: Ledger) {}

  async execute({ id, command, request, expectedRevision }: OrganisationRequest): Promise<Handled<OrganisationState>> {
    const stream = organisationStream(id);
    if (command.type === 'RegisterOrganisation') {
      await this.ledger.vault.ensureKey(organisationVault(id), request.at);
    }
    return handle(this.ledger.store, organisationDecider, {
      stream,
      command,
      context: undefined,
      meta: { at: request.at, by: request.by, eventIds: eventIdsOf(request, stream, command.type) },
      ...(expectedRevision === undefined ? {} : { expectedRevision }),
    });
  }
}
