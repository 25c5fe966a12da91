"""Several server processes on one database are one installation."""

from tests.cast import Cast
from tests.servers import Server, Visitor, site_key, team_stream


def test_a_message_posted_at_one_server_arrives_at_a_listener_of_the_other(
    cast: Cast, servers: tuple[Server, Server]
) -> None:
    here, there = servers
    visitor = Visitor(here, site_key(cast.account.pk))
    with (
        team_stream(there, cast.agent).until_ready() as agent,
        visitor.stream(server=there).until_ready() as own,
    ):
        message = visitor.say("Do you have this in red?").json["message"]["id"]
        for stream in (agent, own):
            stream.until(lambda s: s.facts)
            assert [(f["kind"], f["data"]["message"]) for f in stream.facts] == [("message.posted", message)]
