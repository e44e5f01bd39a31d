/** Loads the native addon, once, and says which file it tried and why it failed where it cannot. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { nativeFile } from '../project-root.ts';

/** What source/native exports. Every call may throw an Error with the text `code|message`; see native-errors.ts. */
export interface NativeAddon {
  readonly NativeSession: new (
    callId: number,
    configJson5: string,
    endpoint: string,
    wake: () => void,
  ) => NativeSession;
  readonly NativeShmProvider: new (sizeBytes: number) => NativeShmProvider;
  /** Absent in an addon of an older build, as is `scaleFrame`. */
  readonly NativeSixel: (new (colours: number) => NativeSixel) | undefined;
  /** Writes `outWidth * outHeight * 4` bytes of red, green, blue and alpha into `out`. */
  scaleFrame(
    data: Uint8Array,
    width: number,
    height: number,
    step: number,
    encoding: string,
    outWidth: number,
    outHeight: number,
    out: Uint8Array,
  ): void;
  zenohVersion(): string;
  /** Resolves after `timeoutMs`, at most 60000. */
  scout(configJson5: string, wanted: readonly string[], timeoutMs: number): Promise<NativeAnswer[]>;
  /** Empties the buffer and gives its memory back. Nothing happens the second time. */
  releaseLease(leaseId: number, buffer: ArrayBuffer): void;
  /** Leases that have not ended. */
  leaseCount(): number;
  /** Lets go of the mapped pages of programs and libraries that equal their files; how many bytes they were. */
  releaseFilePages(): number;
  /** Panics inside. */
  panicForTest(): void;
}

export interface NativeAnswer {
  readonly zid: string;
  readonly whatami: string;
  readonly locators: readonly string[];
}

export interface NativePutOptions {
  readonly encoding?: string | undefined;
  readonly attachment?: Uint8Array | undefined;
  readonly isBlock?: boolean;
  readonly express?: boolean;
}

export interface NativeGetOptions {
  readonly target: string;
  readonly consolidation: string;
  readonly payload?: Uint8Array | undefined;
  readonly encoding?: string | undefined;
  readonly attachment?: Uint8Array | undefined;
  readonly timeoutMs: number;
}

/** Where a method returns boolean, true means done; else, and for all others, a record tells of the end of the call. */
export interface NativeSession {
  readonly zid: string;
  readonly routerZid: string;
  takeReady(): number[];
  /** Flat records (native-records.ts). */
  drain(sourceId: number, most: number): unknown[] | null;
  droppedCount(sourceId: number): number;
  put(callId: number, keyExpr: string, payload: Uint8Array, options: NativePutOptions): boolean;
  putShm(callId: number, keyExpr: string, leaseId: number, buffer: ArrayBuffer, options: NativePutOptions): boolean;
  delete(callId: number, keyExpr: string): boolean;
  get(id: number, selector: string, options: NativeGetOptions): void;
  declarePublisher(id: number, keyExpr: string, options: NativePutOptions): void;
  publisherPut(
    callId: number,
    id: number,
    payload: Uint8Array,
    encoding: string | undefined,
    attachment: Uint8Array | undefined,
  ): boolean;
  publisherPutShm(
    callId: number,
    id: number,
    leaseId: number,
    buffer: ArrayBuffer,
    encoding: string | undefined,
    attachment: Uint8Array | undefined,
  ): boolean;
  publisherDelete(callId: number, id: number): boolean;
  declareSubscriber(id: number, keyExpr: string, isRing: boolean, capacity: number, isLeased: boolean): void;
  declareQueryable(id: number, keyExpr: string): void;
  queryReply(
    callId: number,
    queryId: number,
    keyExpr: string,
    payload: Uint8Array,
    encoding: string | undefined,
    attachment: Uint8Array | undefined,
  ): void;
  queryReplyError(callId: number, queryId: number, message: string): void;
  queryFinalize(queryId: number): void;
  declareToken(id: number, keyExpr: string): void;
  getTokens(id: number, keyExpr: string, timeoutMs: number): void;
  declareTokenSubscriber(id: number, keyExpr: string, history: boolean): void;
  end(callId: number, id: number): void;
  forget(id: number): void;
  close(callId: number): void;
  dispose(): void;
}

export interface NativeShmProvider {
  alloc(sizeBytes: number): { readonly id: number; readonly buffer: ArrayBuffer } | null;
  close(): void;
}

export interface NativeSixel {
  readonly isFresh: boolean;
  /** The result is the number of bytes that `take` copies. */
  encode(data: Uint8Array, width: number, height: number): number;
  take(target: Uint8Array): void;
  reset(): void;
}

type Loaded = { readonly addon: NativeAddon } | { readonly reason: string };

let loaded: Loaded | undefined;

export function isNativeAvailable(): boolean {
  return 'addon' in load();
}

/** Which file was tried and why it does not load; undefined where it does. */
export function nativeUnavailableReason(): string | undefined {
  const result = load();
  return 'reason' in result ? result.reason : undefined;
}

/** Throws an Error with {@link nativeUnavailableReason}. */
export function nativeAddon(): NativeAddon {
  const result = load();
  if ('reason' in result) throw new Error(result.reason);
  return result.addon;
}

function load(): Loaded {
  loaded ??= loadFrom(nativeFile('bubbaloop.node'));
  return loaded;
}

/** Exported for tests. */
export function loadFrom(path: string): Loaded {
  if (!existsSync(path)) return { reason: `the native addon is not built: there is no ${path}` };
  try {
    return { addon: createRequire(import.meta.url)(path) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { reason: `the native addon ${path} does not load: ${text}` };
  }
}
