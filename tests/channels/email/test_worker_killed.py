"""The real worker, killed while it takes mails in, on the real queue."""

from salotto.channels.email.actions.retrying import take_in_due
from salotto.channels.email.models import RawMail
from salotto.core.tenancy import account_scope
from tests.billing import working
from tests.channels.email.post import Post, letter, new_id, open_post, person
from tests.servers import wait_for

MAILS = 400


def done(post: Post) -> int:
    with account_scope(post.account):
        return int(RawMail.objects.filter(state="done").count())


def test_a_worker_that_is_killed_loses_and_doubles_nothing() -> None:
    post = open_post()
    anna, first = person(), new_id()
    mails = [letter(anna, post.address, "0", id=first)]
    mails += [letter(anna, post.address, str(n), reply_to_id=first) for n in range(1, MAILS)]
    post.store(*mails)
    for enough in (1, MAILS // 3, MAILS):
        worker = working.start()
        try:
            wait_for(lambda enough=enough: done(post) >= enough, 60)  # type: ignore[misc]
        finally:
            worker.kill()
            worker.wait()
        take_in_due()  # as it happens every minute
    (found,) = post.conversations()
    assert post.bodies(found.pk) == [str(n) for n in range(MAILS)]
