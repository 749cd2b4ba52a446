import { equalBytes, MerkleTree, toHex, type Bytes } from '@healthchain/core';
import type { Checkpoint } from './checkpoint.ts';
import { entryLeafHash, parseEntry, type LogEntry } from './format.ts';
import type { LogStore, StoredEntry } from './log-store.ts';
import type { StoredTree } from './stored-tree.ts';

export interface AuditFinding {
  /** Index of the entry; the size of the log for what concerns the whole. */
  readonly sequence: number;
  readonly code:
    | 'MISSING'
    | 'UNREADABLE'
    | 'LEAF_DIFFERS'
    | 'CHAIN_BROKEN'
    | 'TREE_DIFFERS'
    | 'CHECKPOINT_DIFFERS';
}

/** Recomputes a log from its entries alone: leaves, running numbers, tree, and the root that the ledger holds. */
export function auditLog(
  store: Pick<LogStore, 'all'>,
  tree: StoredTree,
  checkpoint: Checkpoint | undefined,
): AuditFinding[] {
  const findings: AuditFinding[] = [];
  const recomputed = new MerkleTree();
  const heads = new Map<string, { readonly number: number; readonly leaf: string }>();
  for (const stored of store.all()) {
    const sequence = recomputed.size;
    if (stored.sequence !== sequence) return [...findings, { sequence, code: 'MISSING' }];
    const { leaf, code } = auditEntry(stored, heads);
    recomputed.append(leaf);
    if (code !== undefined) findings.push({ sequence, code });
  }
  const { size } = recomputed;
  if (!equalBytes(recomputed.root(), tree.root(size)))
    findings.push({ sequence: size, code: 'TREE_DIFFERS' });
  if (checkpoint !== undefined && !isPrefix(recomputed, checkpoint)) {
    findings.push({ sequence: size, code: 'CHECKPOINT_DIFFERS' });
  }
  return findings;
}

function auditEntry(
  stored: StoredEntry & { readonly leaf: Bytes },
  heads: Map<string, { readonly number: number; readonly leaf: string }>,
): { readonly leaf: Bytes; readonly code?: AuditFinding['code'] } {
  const entry = readable(stored);
  if (entry === undefined) return { leaf: stored.leaf, code: 'UNREADABLE' };
  const leaf = entryLeafHash(stored);
  const before = heads.get(entry.person);
  heads.set(entry.person, { number: entry.number, leaf: toHex(leaf) });
  if (!equalBytes(leaf, stored.leaf)) return { leaf, code: 'LEAF_DIFFERS' };
  const follows = entry.number === (before?.number ?? 0) + 1 && entry.previous === (before?.leaf ?? null);
  return follows && entry.sequence === stored.sequence ? { leaf } : { leaf, code: 'CHAIN_BROKEN' };
}

function readable({ text }: StoredEntry): LogEntry | undefined {
  try {
    return parseEntry(text);
  } catch {
    return undefined;
  }
}

function isPrefix(tree: MerkleTree, { size, root }: Checkpoint): boolean {
  return size <= tree.size && toHex(tree.root(size)) === root;
}
