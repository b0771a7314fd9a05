/** The seam between HTTP or the command line and definitions: one command class, one thin handler. */
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { handle, type Handled } from '../event-store/handle.js';
import { Ledger } from '../ledger.js';
import { eventIdsOf, type RequestContext } from '../request-context.js';
import { definitionStream } from './definition.events.js';
import { definitionDecider, type DefinitionCommand, type DefinitionState } from './definition.js';

/** A command on one definition. */
export class DefinitionRequest extends Command<Handled<DefinitionState>> {
  constructor(
    readonly id: string,
    readonly command: DefinitionCommand,
    readonly request: RequestContext,
    /** Revision that the caller saw (If-Match). */
    readonly expectedRevision?: number,
  ) {
    super();
  }
}

@CommandHandler(DefinitionRequest)
export class DefinitionCommands implements ICommandHandler<DefinitionRequest> {
  constructor(private readonly ledger: Ledger) {}

  execute({ id, command, request, expectedRevision }: DefinitionRequest): Promise<Handled<DefinitionState>> {
    const stream = definitionStream(id);
    return handle(this.ledger.store, definitionDecider, {
      stream,
      command,
      context: undefined,
      meta: { at: request.at, by: request.by, eventIds: eventIdsOf(request, stream, command.type) },
      seal: (facts, place) => this.ledger.vault.seal(facts, place),
      ...(expectedRevision === undefined ? {} : { expectedRevision }),
    });
  }
}
