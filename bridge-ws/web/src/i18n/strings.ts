import type { AuditStrings } from "./audit/strings";
import type { DuesStrings } from "./dues/strings";
import type { Outcome } from "../session/outcome";
import type { ExpenseStrings } from "./expenses/strings";

/** Every text of the page, once per language. A language that lacks one does not compile. */
export interface Strings {
  readonly language: string;
  readonly appName: string;
  readonly tagline: string;
  readonly loading: string;
  readonly retry: string;
  readonly cancel: string;
  readonly close: string;
  readonly back: string;
  readonly skipToComposer: string;

  readonly entry: {
    readonly logInTitle: string;
    readonly logInLead: string;
    readonly signUpTitle: string;
    readonly signUpLead: string;
    readonly email: string;
    readonly name: string;
    readonly nameHint: string;
    readonly password: string;
    readonly passwordHint: string;
    readonly showPassword: string;
    readonly hidePassword: string;
    readonly logIn: string;
    readonly signUp: string;
    readonly newHere: string;
    readonly knownHere: string;
    readonly loginEnded: string;
    readonly unreachable: string;
  };

  readonly list: {
    readonly rooms: string;
    readonly create: string;
    readonly find: string;
    readonly switchRoom: string;
    readonly contacts: string;
    readonly unreadNotice: string;
    readonly menu: string;
    readonly emptyTitle: string;
    readonly emptyText: string;
    readonly failed: string;
    readonly noTalkYet: string;
    readonly privateRoom: string;
    readonly you: string;
    unread(count: string): string;
    pickRoom(shortcut: string): string;
    readonly pickRoomTitle: string;
  };

  readonly menu: {
    readonly language: string;
    readonly theme: string;
    readonly themeAuto: string;
    readonly themeLight: string;
    readonly themeDark: string;
    readonly logOut: string;
    readonly profile: string;
    account(name: string): string;
  };

  readonly profile: {
    readonly title: string;
    readonly newPassword: string;
    readonly newPasswordHint: string;
    readonly current: string;
    readonly currentHint: string;
    readonly wrong: string;
    readonly save: string;
    readonly changed: string;
    readonly delete: string;
    readonly deleteTitle: string;
    readonly deleteText: string;
    readonly deleteSubmit: string;
    readonly firstPasswordHint: string;
  };

  readonly oauth: {
    readonly or: string;
    continueWith(name: string): string;
    readonly title: string;
    connect(name: string): string;
    disconnect(name: string): string;
    readonly onlyWay: string;
    readonly passwordFirst: string;
    /** How a login by a provider ended. */
    readonly outcome: Readonly<Record<Outcome, string>>;
  };

  readonly contacts: {
    readonly title: string;
    readonly email: string;
    readonly add: string;
    readonly hint: string;
    added(name: string): string;
    readonly empty: string;
    readonly talk: string;
    talkWith(name: string): string;
    readonly remove: string;
    removeQuestion(name: string): string;
    readonly removeText: string;
  };

  readonly invite: {
    title(room: string): string;
    readonly email: string;
    readonly submit: string;
    readonly hint: string;
    readonly contacts: string;
    invite(name: string): string;
    readonly invited: string;
    readonly alreadyHere: string;
    done(name: string): string;
    toRoom(name: string): string;
    readonly toRoomText: string;
    readonly newRoom: string;
    comesAlong(name: string): string;
  };

  readonly search: {
    readonly open: string;
    readonly openInRoom: string;
    readonly label: string;
    readonly close: string;
    readonly where: string;
    readonly thisRoom: string;
    readonly allRooms: string;
    readonly order: string;
    readonly newest: string;
    readonly best: string;
    readonly hint: string;
    none(keyword: string): string;
    found(count: number): string;
    readonly more: string;
  };

  readonly file: {
    readonly send: string;
    readonly drop: string;
    readonly picture: string;
    named(name: string): string;
    readonly download: string;
    progress(name: string): string;
    tooMany(most: number): string;
  };

  readonly settings: {
    readonly open: string;
    readonly title: string;
    readonly save: string;
    readonly delete: string;
    deleteQuestion(room: string): string;
    readonly deleteText: string;
  };

  readonly notice: {
    readonly label: string;
    readonly write: string;
    readonly writing: string;
    readonly cancel: string;
    from(name: string): string;
    readonly show: string;
    readonly desktop: string;
    readonly desktopOn: string;
    readonly desktopOff: string;
    readonly desktopBlocked: string;
    readonly desktopAsk: string;
    desktopTitle(room: string): string;
  };

  readonly room: {
    members(count: number): string;
    online(count: number): string;
    readonly showMembers: string;
    readonly hideMembers: string;
    readonly leave: string;
    leaveQuestion(room: string): string;
    readonly leaveWarning: string;
    readonly leaveHandsOver: string;
    readonly toPresent: string;
    readonly loadingNewer: string;
    readonly messages: string;
    readonly loadingOlder: string;
    readonly olderFailed: string;
    start(room: string): string;
    readonly startText: string;
    readonly unreadFromHere: string;
    newMessages(count: number): string;
    readonly toNewest: string;
    readonly catchingUp: string;
    typing(names: readonly string[]): string;
    readonly unknownMember: string;
  };

  readonly message: {
    unreadBy(count: number): string;
    readonly sending: string;
    readonly waiting: string;
    readonly notSent: string;
    /** A resend was refused: the first attempt may have arrived. */
    readonly perhapsSent: string;
    readonly sendAgain: string;
    readonly discard: string;
    readonly withdrawn: string;
    readonly notice: string;
    readonly reply: string;
    readonly delete: string;
    readonly deleteQuestion: string;
    readonly deleteText: string;
    readonly goToQuoted: string;
    replyTo(name: string): string;
    readonly quoteNotLoaded: string;
    said(name: string, text: string): string;
  };

  readonly event: {
    joined(name: string): string;
    left(name: string): string;
    removed(name: string): string;
    madeAdmin(name: string): string;
    madeMember(name: string): string;
    madeTreasurer(name: string): string;
    madeAuditor(name: string): string;
    noOffice(name: string): string;
    renamed(name: string): string;
    money(from: string, to: string, won: number): string;
    readonly moneyMoved: string;
    readonly deleted: string;
  };

  readonly composer: {
    placeholder(room: string): string;
    readonly label: string;
    readonly send: string;
    readonly cancelReply: string;
    tooLong(over: number): string;
    readonly offline: string;
  };

  readonly people: {
    readonly title: string;
    readonly here: string;
    readonly away: string;
    readonly everyone: string;
    readonly admin: string;
    readonly treasurer: string;
    readonly auditor: string;
    readonly noOffice: string;
    readonly office: string;
    officeOf(name: string): string;
    readonly officeText: Record<"none" | "treasurer" | "auditor", string>;
    readonly officeSubmit: string;
    readonly invite: string;
    remove(name: string): string;
    removeQuestion(name: string): string;
    readonly removeText: string;
    readonly removeSubmit: string;
  };

  readonly create: {
    readonly title: string;
    readonly name: string;
    readonly nameExample: string;
    readonly description: string;
    readonly descriptionExample: string;
    readonly optional: string;
    readonly open: string;
    readonly openText: string;
    readonly closed: string;
    readonly closedText: string;
    readonly who: string;
    readonly password: string;
    readonly passwordHint: string;
    readonly submit: string;
  };

  readonly find: {
    readonly title: string;
    readonly keyword: string;
    readonly keywordExample: string;
    readonly search: string;
    readonly hint: string;
    none(keyword: string): string;
    found(count: number): string;
    readonly join: string;
    readonly enter: string;
    readonly password: string;
  };

  readonly switcher: {
    readonly title: string;
    readonly placeholder: string;
    readonly none: string;
    readonly keys: string;
  };

  readonly link: {
    readonly online: string;
    readonly connecting: string;
    readonly lost: string;
    retryIn(seconds: number): string;
    readonly retryNow: string;
    readonly again: string;
  };

  readonly ended: {
    deleted(room: string): string;
    notAMember(room: string): string;
  };

  readonly check: {
    readonly email: string;
    readonly name: string;
    readonly password: string;
    readonly roomName: string;
    readonly roomPassword: string;
    readonly description: string;
  };

  readonly dues: DuesStrings;
  readonly audit: AuditStrings;
  readonly expenses: ExpenseStrings;

  /** What went wrong, by the server's name for it. */
  readonly fault: Readonly<Record<Fault, string>>;

  readonly dates: {
    readonly locale: string;
    /** `hour` 0 to 23. Browsers do not agree on how a Korean clock reads. */
    clock(hour: number, minute: number): string;
    readonly yesterday: string;
  };
}

export const FAULTS = [
  "NoAnswer",
  "Unexpected",
  "EmailTaken",
  "LoginFailed",
  "TooManyAttempts",
  "InvalidField",
  "NoSuchUser",
  "NoSuchRoom",
  "NotAMember",
  "NotAllowed",
  "AlreadyMember",
  "WrongPassword",
  "RoomDeleted",
  "RateLimited",
  "Busy",
  "StorageFull",
  "StoreUnavailable",
  "TokenInvalid",
  "FileTooLarge",
  "FileTypeRefused",
  "QuotaExceeded",
  "NoSuchFile",
  "InsufficientFunds",
  "InvalidAmount",
  "NothingOpen",
  "MoreThanCame",
  "NotTheTreasurer",
  "DuesHoldMoney",
  "SecondPersonNeeded",
  "OwnDues",
  "ReceiptSettled",
  "NoSuchWallet",
  // The server's name is WrongPassword for every password but the login's; the page knows which one it sent.
  "WrongWalletPassword",
  "InvalidWalletPassword",
  "WalletExists",
  "WalletHoldsMoney",
  "WalletKeepsDues",
  "SameWallet",
  "NotTheSpender",
  "TransferSettled",
  "TooMuchMoney",
  "KeyReused",
  "NotYourCharge",
  "NoFund",
  "NoSuchPlan",
  "PlanEnded",
  "NoSuchRequest",
  "NoSuchCharge",
  "NoSuchReceipt",
  "NoSuchExpense",
  "ExpenseSettled",
  "NotAgreed",
  "NotTheExpense",
  "ExternalTaken",
  "TokenExpired",
  "TokenRevoked",
  "OutcomeUnknown",
] as const;

export type Fault = (typeof FAULTS)[number];
