"""Every write of the inbox: what agents do to conversations, and the files of messages."""

from salotto.inbox.actions.begin import (
    Beginning,
    begin_conversations,
    contacts_of,
    nameless_contact,
    new_conversation_ids,
    note_languages,
)
from salotto.inbox.actions.conversations import (
    BODY_LIMIT,
    UnseenReply,
    add_address,
    add_note,
    assign,
    complete,
    delete_conversation,
    mark_read,
    mark_unread,
    release,
    reopen,
    reply,
    set_language,
)
from salotto.inbox.actions.files import File, add_files, attach, drop_upload, keep, lock_uploads, upload
from salotto.inbox.actions.filling import fill_in
from salotto.inbox.actions.starting import contact_of, must_act_still, start_conversation, tell

__all__ = [
    "BODY_LIMIT",
    "Beginning",
    "File",
    "UnseenReply",
    "add_address",
    "add_files",
    "add_note",
    "assign",
    "attach",
    "begin_conversations",
    "complete",
    "contact_of",
    "contacts_of",
    "delete_conversation",
    "drop_upload",
    "fill_in",
    "keep",
    "lock_uploads",
    "mark_read",
    "mark_unread",
    "must_act_still",
    "nameless_contact",
    "new_conversation_ids",
    "note_languages",
    "release",
    "reopen",
    "reply",
    "set_language",
    "start_conversation",
    "tell",
    "upload",
]
