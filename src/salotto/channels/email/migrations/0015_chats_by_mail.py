from django.db import migrations

FORWARD = """
CREATE FUNCTION email_chats_by_mail() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mine bigint := coalesce(NEW.account_id, OLD.account_id);
    carried boolean := EXISTS (
        SELECT FROM email_mailbox WHERE account_id = mine AND continues_chats AND enabled);
BEGIN
    UPDATE accounts_account SET chats_by_mail = carried WHERE id = mine AND chats_by_mail <> carried;
    RETURN NULL;
END $$;

CREATE TRIGGER email_chats_by_mail
 AFTER INSERT OR DELETE OR UPDATE OF continues_chats, enabled ON email_mailbox
   FOR EACH ROW EXECUTE FUNCTION email_chats_by_mail();

UPDATE accounts_account SET chats_by_mail = true
 WHERE id IN (SELECT account_id FROM email_mailbox WHERE continues_chats AND enabled);
"""
BACK = """
DROP TRIGGER email_chats_by_mail ON email_mailbox;
DROP FUNCTION email_chats_by_mail();
"""


class Migration(migrations.Migration):
    """The account knows whether a mailbox carries its chats on: the chat asks for an address then."""

    dependencies = [("email", "0014_mailboxes_by_address"), ("accounts", "0007_chats_by_mail")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
