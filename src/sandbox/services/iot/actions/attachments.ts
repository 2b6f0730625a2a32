/** Which Cognito identity holds which policy. Certificates and thing groups are not built, so none can be a target. */
import { ServiceError } from '../../../errors.ts';
import { boolean, must, page } from '../../../members.ts';
import type { Action, Input } from '../../../service.ts';
import {
  invalid,
  invalidMarker,
  nameField,
  onPolicy,
  PAGE,
  paging,
  policies,
  policyArn,
  policyNamed,
  read,
} from '../records.ts';

const MOST_POLICIES = 10;
const COGNITO_IDENTITY = /^[\w-]+:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function checkTarget(target: string): void {
  if (COGNITO_IDENTITY.test(target)) return;
  if (/^arn:aws:iot:[a-z0-9-]+:\d{12}:(?:cert|thinggroup)\/.+$/.test(target))
    throw new ServiceError(
      'ResourceNotFoundException',
      `The sandbox carries neither certificates nor thing groups: ${target}`,
      404,
    );
  throw invalid(`Invalid target: ${target} is neither the ARN of a certificate or thing group nor a Cognito identity.`);
}

/** Service Authorization Reference: the resource is the certificate or group; a Cognito identity has no ARN. */
const onTarget =
  (action: string): Action['permissions'] =>
  (input: Input) => {
    const target = String(input['target'] ?? '');
    return [{ action, resource: target.startsWith('arn:') ? target : '*' }];
  };

const attachPolicy: Action = {
  permissions: onTarget('iot:AttachPolicy'),
  run(input, context) {
    const wanted = read(input, { policyName: nameField(), target: must.text() });
    const policy = policyNamed(context, wanted.policyName);
    checkTarget(wanted.target);
    if (policy.targets.includes(wanted.target)) return {};
    const held = [...policies(context).values()].filter((other) => other.targets.includes(wanted.target)).length;
    if (held >= MOST_POLICIES)
      throw new ServiceError(
        'LimitExceededException',
        `No more than ${MOST_POLICIES} policies can be attached to a target.`,
        410,
      );
    policies(context).put(policy.name, { ...policy, targets: [...policy.targets, wanted.target] });
    return {};
  },
};

const detachPolicy: Action = {
  permissions: onTarget('iot:DetachPolicy'),
  run(input, context) {
    const wanted = read(input, { policyName: nameField(), target: must.text() });
    // DetachPolicy knows no ResourceNotFoundException: what is not attached is detached.
    const policy = policies(context).get(wanted.policyName);
    if (!policy?.targets.includes(wanted.target)) return {};
    policies(context).put(policy.name, {
      ...policy,
      targets: policy.targets.filter((target) => target !== wanted.target),
      detached: context.now(),
    });
    return {};
  },
};

const listAttachedPolicies: Action = {
  permissions: onTarget('iot:ListAttachedPolicies'),
  run(input, context) {
    const wanted = read(input, { ...paging, target: must.text(), recursive: boolean() });
    checkTarget(wanted.target);
    const found = [...policies(context).values()].filter((policy) => policy.targets.includes(wanted.target));
    const kind = `attached ${wanted.target}`;
    const { items, next } = page(found, wanted.marker, wanted.pageSize ?? PAGE, kind, invalidMarker);
    return {
      policies: items.map(({ name }) => ({ policyName: name, policyArn: policyArn(context, name) })),
      nextMarker: next,
    };
  },
};

const listTargetsForPolicy: Action = {
  permissions: onPolicy('iot:ListTargetsForPolicy'),
  run(input, context) {
    const wanted = read(input, { ...paging, policyName: nameField() });
    const { targets } = policyNamed(context, wanted.policyName);
    const kind = `targets ${wanted.policyName}`;
    const { items, next } = page(targets, wanted.marker, wanted.pageSize ?? PAGE, kind, invalidMarker);
    return { targets: items, nextMarker: next };
  },
};

export const attachmentActions: Record<string, Action> = {
  AttachPolicy: attachPolicy,
  DetachPolicy: detachPolicy,
  ListAttachedPolicies: listAttachedPolicies,
  ListTargetsForPolicy: listTargetsForPolicy,
};
