/** Why a request was refused or a session ended: the code of ERROR, GOODBYE and CLOSED. */
export const ErrorCode = {
  Version: 1,
  FrameSize: 2,
  Malformed: 3,
  HelloExpected: 4,
  Idle: 5,
  ShuttingDown: 6,
  TooManyConnections: 7,
  SlowReader: 8,

  TokenInvalid: 20,
  TokenExpired: 21,
  TokenRevoked: 22,
  TooManySessions: 23,

  UnknownOperation: 40,
  NotAllowedHere: 41,
  InvalidField: 42,
  NoSuchRoom: 43,
  NotAMember: 44,
  WrongPassword: 45,
  AlreadyMember: 46,
  NotAllowed: 47,
  IdFromTheFuture: 48,
  SequenceTooOld: 49,
  TooManyRooms: 50,
  RateLimited: 51,
  StorageFull: 52,
  StoreUnavailable: 53,
  LoginFailed: 54,
  RoomDeleted: 55,
  Internal: 56,
  InsufficientFunds: 57,
  NoWallet: 58,
  KeyReused: 59,
} as const;

export type ErrorCodeName = keyof typeof ErrorCode;

const NAMES = new Map<number, ErrorCodeName>(
  Object.entries(ErrorCode).map(([name, code]) => [code, name as ErrorCodeName]),
);

/** The code's name, null where this version of the page knows none. */
export function errorCodeName(code: number): ErrorCodeName | null {
  return NAMES.get(code) ?? null;
}

/** Whether the login itself is over: only a new login helps, a reconnect does not. */
export function endsLogin(code: number): boolean {
  return code === ErrorCode.TokenInvalid || code === ErrorCode.TokenExpired || code === ErrorCode.TokenRevoked;
}

/** Whether the room is none of this user's any more. */
export function endsMembership(code: number): boolean {
  return code === ErrorCode.NotAMember || code === ErrorCode.NoSuchRoom || code === ErrorCode.RoomDeleted;
}
