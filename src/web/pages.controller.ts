/** The pages: read models become view models, forms become commands. What is shown is decided in `pages/`. */
import { readFileSync } from 'node:fs';
import { Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CredentialCommand } from '../credentials/credential.js';
import { StatusRequest } from '../credentials/credentials.commands.js';
import { revocationSchema, suspensionSchema } from '../credentials/credentials.schema.js';
import { isHolderErased } from '../credentials/held-credential.js';
import { registerRow } from '../credentials/register.read.js';
import { DomainError, NotFoundError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { oneOff } from '../request-context.js';
import { AdminToken } from './access.guard.js';
import { Input, Operation } from './operation.js';
import { pageContext, verifyFile } from './page-context.js';
import {
  batchesPage,
  cataloguePage,
  confirmPage,
  credentialPage,
  definitionPage,
  operatorPage,
  signInPage,
  startPage,
  verifyPage,
} from './pages/index.js';
import type { OperatorAction, OperatorView } from './pages/view-models.js';
import { idParams, wholeNumber } from './query.js';
import { SESSION_COOKIE, Sessions } from './sessions.js';
import { SignInAttempts } from './sign-in-attempts.js';
import { ViewModels } from './view-models.js';

type IdParams = z.output<typeof idParams>;

const lang = { lang: z.enum(['sv', 'en']).optional() };
const catalogueQuery = z.object({ ...lang, q: z.string().max(200).optional(), cursor: wholeNumber().optional() });
const batchesQuery = z.object({ ...lang, cursor: wholeNumber().optional() });
const operatorQuery = z.object({
  ...lang,
  q: z.string().max(200).optional(),
  cursor: wholeNumber().optional(),
  notice: z.enum(['suspended', 'reinstated', 'revoked', 'sealed', 'nothingToSeal']).optional(),
});
const signInForm = z.object({ token: z.string().max(1_024), next: z.string().max(500).optional() });
const versionParams = z.strictObject({ id: z.uuid(), version: wholeNumber(1) });
const actionParams = z.strictObject({ id: z.uuid(), action: z.enum(['suspend', 'reinstate', 'revoke']) });
const actionForm = z.object({ reason: z.string().optional() });

const REASONS: Readonly<Record<OperatorAction, readonly string[]>> = {
  suspend: suspensionSchema.shape.reason.options,
  revoke: revocationSchema.shape.reason.options,
  reinstate: [],
};
const DONE: Readonly<Record<OperatorAction, NonNullable<OperatorView['notice']>>> = {
  suspend: 'suspended',
  revoke: 'revoked',
  reinstate: 'reinstated',
};

@Controller()
export class PagesController {
  constructor(
    private readonly ledger: Ledger,
    private readonly commands: CommandBus,
    private readonly views: ViewModels,
    private readonly sessions: Sessions,
    private readonly adminToken: AdminToken,
    private readonly attempts: SignInAttempts,
  ) {}

  @Get()
  @Operation({ name: 'page.public', summary: 'Start page.', page: true })
  async start(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.#html(reply, startPage(await this.views.start(), pageContext(request, this.ledger)));
  }

  @Get('catalogue')
  @Operation({ name: 'page.public', summary: 'Catalogue.', page: true, query: catalogueQuery })
  catalogue(
    @Input('query') { q, cursor }: z.output<typeof catalogueQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string {
    return this.#html(reply, cataloguePage(this.views.catalogue(q, cursor ?? 0), pageContext(request, this.ledger)));
  }

  @Get('catalogue/:id')
  @Operation({ name: 'page.public', summary: 'A definition.', page: true, params: idParams })
  async definition(
    @Input('params') { id }: IdParams,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.#html(reply, definitionPage(await this.views.definition(id), pageContext(request, this.ledger)));
  }

  @Get('catalogue/:id/versions/:version')
  @Operation({ name: 'page.public', summary: 'A version of a definition.', page: true, params: versionParams })
  async version(
    @Input('params') { id, version }: z.output<typeof versionParams>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.#html(
      reply,
      definitionPage(await this.views.definition(id, version), pageContext(request, this.ledger)),
    );
  }

  @Get('c/:id')
  @Operation({ name: 'page.public', summary: 'A credential: what the log shows.', page: true, params: idParams })
  async credential(
    @Input('params') { id }: IdParams,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.#html(reply, credentialPage(await this.views.credential(id), pageContext(request, this.ledger)));
  }

  @Get('verify')
  @Operation({ name: 'page.public', summary: 'Verify a file.', page: true })
  verify(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    return this.#scanning(reply, verifyPage({ file: verifyFile() }, pageContext(request, this.ledger)));
  }

  /** In a folder below the page's own path, so it says that it serves the page too. */
  @Get('verify/service-worker.js')
  @Operation({ name: 'page.public', summary: 'Keeps the page /verify for use without a network.', page: true })
  serviceWorker(@Res({ passthrough: true }) reply: FastifyReply): Uint8Array {
    void reply
      .type('text/javascript; charset=utf-8')
      .header('service-worker-allowed', '/verify')
      .header('cache-control', 'no-cache');
    return readFileSync(new URL('./service-worker.js', import.meta.url));
  }

  /** To be saved, never shown from here: what it remembers would be this ledger's pages' too. */
  @Get('verify/meritkedja-verify.html')
  @Operation({ name: 'page.public', summary: 'The page /verify as one self-contained file.', page: true })
  verifyFile(@Res({ passthrough: true }) reply: FastifyReply): Uint8Array {
    const { name, policy } = verifyFile();
    void reply
      .type('text/html; charset=utf-8')
      .header('content-disposition', `attachment; filename="${name}"`)
      .header('content-security-policy', `${policy}; frame-ancestors 'none'; sandbox`)
      .header('cache-control', 'no-cache');
    return readFileSync(new URL(`./${name}`, import.meta.url));
  }

  @Get('verify/:id')
  @Operation({ name: 'page.public', summary: 'Verify a credential of this ledger.', page: true, params: idParams })
  async verifyOne(
    @Input('params') { id }: IdParams,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    if (!registerRow(this.ledger.readModels.db, id)) throw new NotFoundError('credential', id);
    const erased = await isHolderErased(this.ledger, id);
    const view = { id, erased, file: verifyFile() };
    return this.#scanning(reply, verifyPage(view, pageContext(request, this.ledger)));
  }

  @Get('batches')
  @Operation({ name: 'page.public', summary: 'Batches and anchors.', page: true, query: batchesQuery })
  batches(
    @Input('query') { cursor }: z.output<typeof batchesQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string {
    return this.#html(reply, batchesPage(this.views.batches(cursor), pageContext(request, this.ledger)));
  }

  @Get('sign-in')
  @Operation({ name: 'page.public', summary: 'Sign-in.', page: true })
  signIn(
    @Query('next') next: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string {
    const target = localPath(next);
    return this.#html(
      reply,
      signInPage(target === undefined ? {} : { next: target }, pageContext(request, this.ledger)),
    );
  }

  @Post('sign-in')
  @HttpCode(200)
  @Operation({ name: 'session.open', summary: 'Open a session.', page: true, body: signInForm })
  openSession(
    @Input('body') { token, next }: z.output<typeof signInForm>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string {
    const target = localPath(next);
    const refuse = (error: 'wrongToken' | 'tooManyTries', status: number): string => {
      void reply.status(status);
      const view = { error, ...(target === undefined ? {} : { next: target }) };
      return this.#html(reply, signInPage(view, pageContext(request, this.ledger)));
    };
    if (!this.attempts.allowed(request.ip)) return refuse('tooManyTries', 429);
    if (!this.adminToken.matches(token.trim())) {
      this.attempts.failed(request.ip);
      return refuse('wrongToken', 401);
    }
    this.sessions.close(request.cookies[SESSION_COOKIE]);
    void reply.setCookie(SESSION_COOKIE, this.sessions.open(), {
      httpOnly: true,
      sameSite: 'strict',
      secure: this.ledger.publicUrl.startsWith('https:'),
      path: '/',
    });
    void reply.redirect(target ?? '/operator', 303);
    return '';
  }

  @Post('sign-out')
  @Operation({ name: 'session.close', summary: 'End the session.', page: true })
  closeSession(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.sessions.close(request.cookies[SESSION_COOKIE]);
    void reply.clearCookie(SESSION_COOKIE, { path: '/' }).redirect('/', 303);
  }

  @Get('operator')
  @Operation({ name: 'page.operator', summary: 'The register.', page: true, query: operatorQuery })
  async operator(
    @Input('query') query: z.output<typeof operatorQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const view = await this.views.operator(query.q, query.cursor ?? 0);
    const notice = query.notice === undefined ? {} : { notice: query.notice };
    return this.#html(reply, operatorPage({ ...view, ...notice }, pageContext(request, this.ledger)));
  }

  @Post('operator/seal')
  @Operation({ name: 'page.operator', summary: 'Anchor now.', page: true })
  async seal(@Res() reply: FastifyReply): Promise<void> {
    const { sealed } = await this.ledger.anchoring.sealNow();
    void reply.redirect(`/operator?notice=${sealed ? 'sealed' : 'nothingToSeal'}`, 303);
  }

  @Get('operator/credentials/:id/link')
  @Operation({ name: 'page.operator', summary: 'Open the printed link.', page: true, params: idParams })
  async openLink(@Input('params') { id }: IdParams, @Res() reply: FastifyReply): Promise<void> {
    void reply.redirect((await this.views.link(id)) ?? `/c/${id}`, 303);
  }

  @Get('operator/credentials/:id/:action')
  @Operation({ name: 'page.operator', summary: 'Ask before an action.', page: true, params: actionParams })
  async confirm(
    @Input('params') { id, action }: z.output<typeof actionParams>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const credential = await this.views.registerRow(id);
    return this.#html(
      reply,
      confirmPage({ action, credential, reasons: REASONS[action] }, pageContext(request, this.ledger)),
    );
  }

  @Post('operator/credentials/:id/:action')
  @Operation({ name: 'page.operator', summary: 'Do an action.', page: true, params: actionParams, body: actionForm })
  async act(
    @Input('params') { id, action }: z.output<typeof actionParams>,
    @Input('body') { reason }: z.output<typeof actionForm>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const credential = await this.views.registerRow(id);
    const fail = (error: 'reasonMissing' | 'notPossible', status: number): void => {
      const view = { action, credential, reasons: REASONS[action], error };
      void reply.status(status).send(this.#html(reply, confirmPage(view, pageContext(request, this.ledger))));
    };
    const command = commandFor(action, reason);
    if (!command) return fail('reasonMissing', 422);
    try {
      const by = request.caller?.by ?? 'operator';
      const { events } = await this.commands.execute(new StatusRequest(id, command, oneOff(by, this.ledger.now())));
      const last = events.at(-1);
      if (last) await this.ledger.caughtUp(last);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return fail('notPossible', 409);
    }
    void reply.redirect(`/operator?notice=${DONE[action]}`, 303);
  }

  /** Browsers ask for it whatever the page says. */
  @Get('favicon.ico')
  @Operation({ name: 'page.public', summary: 'Icon.', page: true })
  favicon(@Param() _: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    void reply.redirect(pageContext(request, this.ledger).assets('favicon.svg'), 302);
  }

  /** A page that may use the camera, if the person lets it; no other may. */
  #scanning(reply: FastifyReply, page: string): string {
    void reply.header('permissions-policy', 'camera=(self), geolocation=(), microphone=()');
    return this.#html(reply, page);
  }

  #html(reply: FastifyReply, page: string): string {
    void reply
      .type('text/html; charset=utf-8')
      .header('vary', 'accept-language, cookie')
      .header('cache-control', 'no-store');
    return page;
  }
}

/** A path of this site to return to, never another site's address. */
function localPath(next: string | undefined): string | undefined {
  return next !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) ? next : undefined;
}

function commandFor(
  action: OperatorAction,
  reason: string | undefined,
): Exclude<CredentialCommand, { type: 'IssueCredential' }> | undefined {
  if (action === 'reinstate') return { type: 'ReinstateCredential' };
  if (action === 'suspend') {
    const parsed = suspensionSchema.shape.reason.safeParse(reason);
    return parsed.success ? { type: 'SuspendCredential', reasonCode: parsed.data } : undefined;
  }
  const parsed = revocationSchema.shape.reason.safeParse(reason);
  return parsed.success ? { type: 'RevokeCredential', reasonCode: parsed.data } : undefined;
}
