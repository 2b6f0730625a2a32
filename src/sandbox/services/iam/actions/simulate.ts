/** SimulatePrincipalPolicy: the decision that a call of the role would meet, by the very code that decides calls. */
import { judge } from '../../../authorize.ts';
import { ServiceError } from '../../../errors.ts';
import { list, must, text } from '../../../members.ts';
import type { Action } from '../../../service.ts';
import { checkPolicyDocument } from '../policy-document.ts';
import { arn, noSuchEntity, paged, paging, read, roles } from '../records.ts';

const simulatePrincipalPolicy: Action = {
  permissions: (input) => [
    { action: 'iam:SimulatePrincipalPolicy', resource: String(input['PolicySourceArn'] ?? '*') },
  ],
  run(input, context) {
    const wanted = read(input, {
      PolicySourceArn: arn(),
      ActionNames: must.list(must.text({ min: 3, max: 128 })),
      ResourceArns: list(must.text({ min: 1, max: 2048 })),
      PolicyInputList: list(must.text({ min: 1, max: 131_072 })),
      ResourcePolicy: text({ min: 1, max: 131_072 }),
      ContextEntries: list(
        must.structure({
          ContextKeyName: must.text({ min: 5, max: 256 }),
          ContextKeyValues: must.list(must.text()),
          ContextKeyType: text(),
        }),
      ),
      ...paging,
    });
    if (!/^arn:aws:iam::\d{12}:(?:role|user|group)\/.+$/.test(wanted.PolicySourceArn))
      throw new ServiceError(
        'InvalidInput',
        `Invalid Entity Arn: ${wanted.PolicySourceArn} does not clearly define entity type and name.`,
        400,
      );
    const role = /:role\//.test(wanted.PolicySourceArn)
      ? roles(context).get(wanted.PolicySourceArn.split('/').at(-1) ?? '')
      : undefined;
    if (role?.arn !== wanted.PolicySourceArn || !role)
      throw noSuchEntity(`The entity ${wanted.PolicySourceArn} cannot be found.`);
    for (const policy of wanted.PolicyInputList ?? []) checkPolicyDocument(policy, 'identity');
    for (const action of wanted.ActionNames)
      if (!/^[a-z0-9-]+:[A-Za-z0-9]+$/.test(action))
        throw new ServiceError('InvalidInput', `Invalid Action Name: ${action}`, 400);
    const keys = Object.fromEntries(
      (wanted.ContextEntries ?? []).map((entry) => [
        entry.ContextKeyName.toLowerCase(),
        entry.ContextKeyValues.length === 1 ? (entry.ContextKeyValues[0] ?? '') : entry.ContextKeyValues,
      ]),
    );
    const caller = {
      kind: 'role',
      account: context.account,
      roleArn: role.arn,
      sessionName: 'simulation',
    } as const;
    const results = wanted.ActionNames.flatMap((action) =>
      (wanted.ResourceArns ?? ['*']).map((resource) => ({
        EvalActionName: action,
        EvalResourceName: resource,
        EvalDecision: judge(
          context.store,
          caller,
          { action, resource, context: keys, resourcePolicy: wanted.ResourcePolicy },
          context.now(),
          context.region,
          wanted.PolicyInputList,
        ).decision,
        MatchedStatements: [],
        MissingContextValues: [],
      })),
    );
    const { items, rest } = paged(results, wanted, `simulation ${role.arn}`);
    return { EvaluationResults: items, ...rest };
  },
};

export const simulateActions: Record<string, Action> = { SimulatePrincipalPolicy: simulatePrincipalPolicy };
