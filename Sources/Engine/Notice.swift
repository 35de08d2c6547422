// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// Something that an operator should find in the log although it is no operation.
public enum Notice: Sendable {
    /// A memory was seen for the first time.
    case storeFound(StoreForm)
    /// A memory that was there is not there any more.
    case storeMissing(StoreForm)
    /// A memory that was missing is there again.
    case storeBack(StoreForm)
    /// A migration waits for somebody's word.
    case approvalNeeded(StoreForm)
    /// A release is there that was not, or another one than before.
    case release(Release)
    /// The same, of a release that makes what is not in the catalogue.
    case unknownRelease(Release)
    /// A release's folder has been in the middle of something since then.
    case checkoutBusy(path: String, what: String, since: Timestamp)
    /// A release that keeps its memories elsewhere is installed: the sentence says what can be done.
    case lineOffer(String)
    /// Events were lost, so everything is looked at again.
    case overflow
    /// What keeps changes from being seen at once, and what mends it.
    case watchProblem(String)
    /// Looking at something failed; it is tried again at the next look.
    case lookFailed(GuardError)
    /// How everything stands changed, as a sentence.
    case summary(String)
}
