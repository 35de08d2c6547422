// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// Something that an operator should find in the log although it is no operation.
public enum Notice: Sendable {
    /// A memory that an earlier run has seen. Not for the log.
    case storeKnown(StoreForm)
    /// A memory was seen for the first time.
    case storeFound(StoreForm)
    /// A memory that was there is not there any more.
    case storeMissing(StoreForm)
    /// A memory that was missing is there again.
    case storeBack(StoreForm)
    /// A call to a memory, a folder or a server has not come back.
    case notAnswering(GuardError)
    /// A memory that did not answer does so again.
    case storeAnswers(StoreForm)
    /// Another daemon guards the same folder, as a sentence.
    case rival(String)
    /// A migration waits for somebody's word.
    case approvalNeeded(StoreForm)
    /// A release is there that was not, or another one than before.
    case release(Release)
    /// The same, of a release that makes what is not in the catalogue.
    case unknownRelease(Release)
    /// A release's folder has been in the middle of something since then.
    case checkoutBusy(path: String, what: String, since: Timestamp)
    /// The installed release keeps its memories elsewhere than this one is.
    case lineOffer(StoreForm)
    /// Events were lost, so everything is looked at again.
    case overflow
    /// Changes at a place cannot be seen at once: why, and what mends it.
    case watchProblem(place: String, problem: String)
    /// A server that memories are on cannot be asked.
    case unreached(GuardError)
    /// Looking at something failed; it is tried again at the next look.
    case lookFailed(GuardError)
    /// How everything stands changed, as a sentence.
    case summary(String)

    /// What a look changed in whether a memory is there; nil for nothing.
    init?(of form: StoreForm, after before: StoreForm?) {
        switch (before?.state, form.state) {
        case (nil, .missing): return nil
        case (nil, _): self = .storeFound(form)
        case (.missing?, let now) where now != .missing: self = .storeBack(form)
        case (let then?, .missing) where then != .missing: self = .storeMissing(form)
        default: return nil
        }
    }
}
