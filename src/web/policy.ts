/**
 * The one policy table: every operation of the service by name, and who may do it. What is not in it is refused; a
 * route without an operation is refused too (`access.guard.ts`). `policy.spec.ts` tries every role on every operation.
 */

/** `anyone` needs no token; `operator` holds ADMIN_TOKEN or a session opened with it. */
export type Role = 'anyone' | 'operator';

const ANYONE: readonly Role[] = ['anyone', 'operator'];
const OPERATOR: readonly Role[] = ['operator'];

export const POLICY = {
  'health.read': ANYONE,
  'metrics.read': ANYONE,
  'openapi.read': ANYONE,
  'trust.read': ANYONE,
  'context.read': ANYONE,
  'schema.read': ANYONE,

  'organisation.register': OPERATOR,
  'organisation.list': ANYONE,
  'organisation.read': ANYONE,
  'organisation.change': OPERATOR,
  'organisation.readDid': ANYONE,
  'organisation.readHistory': ANYONE,
  'organisation.readLog': ANYONE,
  'organisation.rotateKey': OPERATOR,
  'organisation.revokeKey': OPERATOR,
  'organisation.changeSigner': OPERATOR,

  'keys.read': OPERATOR,
  'keys.changeEpoch': OPERATOR,

  'definition.create': OPERATOR,
  'definition.search': ANYONE,
  'definition.read': ANYONE,
  'definition.readDraft': OPERATOR,
  'definition.reviseDraft': OPERATOR,
  'definition.publish': OPERATOR,
  'definition.readVersion': ANYONE,
  'definition.readHistory': ANYONE,
  'definition.retire': OPERATOR,
  'definition.grantMandate': OPERATOR,
  'definition.withdrawMandate': OPERATOR,

  'assessment.record': OPERATOR,
  'assessment.read': OPERATOR,

  'credential.issue': OPERATOR,
  'credential.list': OPERATOR,
  'credential.read': OPERATOR,
  'credential.readProof': OPERATOR,
  'credential.readEvidence': ANYONE,
  'credential.readHistory': ANYONE,
  'credential.readLink': OPERATOR,
  'credential.revoke': OPERATOR,
  'credential.suspend': OPERATOR,
  'credential.reinstate': OPERATOR,

  'holder.read': OPERATOR,
  'holder.find': OPERATOR,
  'holder.erase': OPERATOR,

  'backup.read': OPERATOR,

  'batch.list': ANYONE,
  'batch.read': ANYONE,
  'batch.seal': OPERATOR,
  'chain.list': ANYONE,
  'chain.readAnchors': ANYONE,
  'chain.reanchor': OPERATOR,
  'chain.rotateAnchorer': OPERATOR,
  'chain.close': OPERATOR,
  'chain.readBlock': ANYONE,

  'verification.verify': ANYONE,
  'statusList.read': ANYONE,
  'share.read': ANYONE,

  'log.readCheckpoint': ANYONE,
  'log.readTile': ANYONE,
  'log.readEntry': ANYONE,
  'log.readProof': ANYONE,

  'readModels.read': OPERATOR,
  'readModels.rebuild': OPERATOR,

  'page.public': ANYONE,
  'page.operator': OPERATOR,
  'session.open': ANYONE,
  'session.close': ANYONE,
} as const satisfies Readonly<Record<string, readonly Role[]>>;

export type OperationName = keyof typeof POLICY;

/** Whether somebody with these roles may do an operation. An unknown operation is nobody's. */
export function isAllowed(operation: string, role: Role): boolean {
  const allowed: readonly Role[] | undefined = Object.hasOwn(POLICY, operation)
    ? POLICY[operation as OperationName]
    : undefined;
  return allowed?.includes(role) ?? false;
}
