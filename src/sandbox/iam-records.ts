/** What IAM keeps; written by services/iam, read by authorize.ts. Records live under service `iam`, Region ''. */
export interface RoleRecord {
  name: string;
  path: string;
  arn: string;
  roleId: string;
  /** epoch milliseconds */
  created: number;
  description?: string;
  maxSessionDuration: number;
  /** JSON text */
  trustPolicy: string;
  /** name → JSON text */
  inlinePolicies: Record<string, string>;
  /** ARNs of managed policies */
  attachedPolicies: string[];
  permissionsBoundary?: string;
  tags: Record<string, string>;
}

export interface ManagedPolicyRecord {
  name: string;
  path: string;
  arn: string;
  policyId: string;
  created: number;
  description?: string;
  defaultVersionId: string;
  /** The highest number a version ever had; missing until one was deleted or added. */
  lastVersion?: number;
  /** version id (`v1`) → document as JSON text and when it was made */
  versions: Record<string, { document: string; created: number }>;
  tags: Record<string, string>;
}

/** A temporary session of STS; records live under service `sts`, Region '', by access key. */
export interface SessionRecord {
  accessKeyId: string;
  roleArn: string;
  sessionName: string;
  /** epoch milliseconds on the sandbox's clock */
  expires: number;
}
