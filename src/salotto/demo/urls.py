"""Addresses of the demo; not even registered unless it is on (see `config.urls`)."""

from django.urls import path

from salotto.demo import shop, views

urlpatterns = [
    path("shop/", shop.shop, name="demo_shop"),
    path("demo/", views.start, name="demo"),
    path("demo/mail/", views.mail, name="demo_mail"),
    path("demo/mail/look/", views.look, name="demo_look"),
    path("demo/mail/file/", views.file, name="demo_file"),
    path("demo/mail/write/", views.write, name="demo_write"),
    path("demo/mail/answer/", views.answer, name="demo_answer"),
    path("demo/sign-in/", views.sign_in, name="demo_sign_in"),
    path("a/<slug:slug>/demo/clock/", views.move_clock, name="demo_clock"),
]
