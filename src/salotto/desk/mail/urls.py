"""Addresses of email in the desk, below /a/<slug>/."""

from django.urls import path

from salotto.desk.mail import many, reading, removing, uploads, writing

urlpatterns = [
    path("files/<int:attachment>/", reading.file, name="file"),
    path("uploads/", uploads.upload, name="uploads"),
    path("uploads/<int:attachment>/drop/", uploads.drop, name="drop_upload"),
    path("mails/<int:message>/", reading.original, name="mail_original"),
    path("mails/<int:message>/download/", reading.download, name="mail_download"),
    path("mails/<int:message>/frame/", reading.frame, name="mail_frame"),
    path("mails/<int:message>/text/", reading.text, name="mail_text"),
    path("mails/<int:message>/retry/", writing.retry, name="retry_mail"),
    path("mails/<int:message>/stop/", writing.stop, name="stop_mail"),
    path("mails/<int:message>/forward/", writing.forward, name="forward_mail"),
    path("mail/new/", writing.new, name="new_mail"),
    path("mail/people/", writing.people, name="mail_people"),
    path("mail/many/", many.many, name="mail_many"),
    path("mail/many/<int:batch>/", many.progress, name="mail_batch"),
    path("mail/many/<int:batch>/files/<int:file>/", many.file, name="batch_file"),
    path("mail/many/<int:batch>/lost.csv", many.lost, name="batch_lost"),
    path("mail/many/<int:batch>/retry/", many.retry, name="retry_batch"),
    path("mail/many/<int:batch>/stop/", many.stop, name="stop_batch"),
    path("c/<int:conversation>/delete/", removing.delete, name="delete_conversation"),
]
