#define _DEFAULT_SOURCE /* initgroups(), setgroups() */
#define _GNU_SOURCE     /* setresuid(), getresuid() */
#include "io/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"

struct who {
    char name[256];
    uid_t uid;
    gid_t gid;
};

static enum stir_err find(struct who *who, const char *user, const char *group, struct stir_diag *diag)
{
    const struct passwd *found = getpwnam(user);
    if (!found)
        return stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "[server] user \"%.60s\" is nobody here: adduser --system --group %.60s", user, user);
    if (strlen(user) >= sizeof(who->name))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "[server] user has a name longer than any");
    memcpy(who->name, user, strlen(user) + 1);
    who->uid = found->pw_uid;
    who->gid = found->pw_gid;
    const struct group *other = group[0] ? getgrnam(group) : NULL;
    if (group[0] && !other)
        return stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "[server] group \"%.60s\" is none here: addgroup --system %.60s", group, group);
    if (other)
        who->gid = other->gr_gid;
    return STIR_OK;
}

static enum stir_err refused(struct stir_diag *diag, const char *what)
{
    return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%s: %s; nothing is served with rights that were to be given up", what, strerror(errno));
}

/* Groups first: afterwards there is no right to change them. */
static enum stir_err become(const struct who *who, struct stir_diag *diag)
{
    uid_t real, effective, saved;
    gid_t real_group, effective_group, saved_group;
    if (initgroups(who->name, who->gid) != 0)
        return refused(diag, "the groups of [server] user cannot be taken");
    if (setresgid(who->gid, who->gid, who->gid) != 0)
        return refused(diag, "[server] group cannot be taken");
    if (setresuid(who->uid, who->uid, who->uid) != 0)
        return refused(diag, "[server] user cannot be taken");
    if (getresuid(&real, &effective, &saved) != 0 || getresgid(&real_group, &effective_group, &saved_group) != 0 || real != who->uid || effective != who->uid ||
        saved != who->uid || real_group != who->gid || effective_group != who->gid || saved_group != who->gid)
        return refused(diag, "[server] user was not taken whole");
    if (who->uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
        return refused(diag, "there is a way back to root");
    return STIR_OK;
}

/* What holds for everybody, root or not. */
static enum stir_err close_doors(struct stir_diag *diag)
{
    const struct rlimit none = {0, 0};
    umask(0077);
    (void)setrlimit(RLIMIT_CORE, &none); /* refused where system calls are filtered; what follows holds by itself */
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        return refused(diag, "memory with keys could be dumped");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return refused(diag, "what is executed could gain rights");
    return STIR_OK;
}

enum stir_err stir_privilege_drop(const char *user, const char *group, struct stir_diag *diag)
{
    struct who who;
    if (geteuid() == 0 && !user[0])
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "this is root, who needs no rights to serve: name [server] user (or say user = root)");
    if (user[0]) {
        TRY(find(&who, user, group, diag));
        if (geteuid() != 0 && who.uid != geteuid())
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "only root can become [server] user \"%.60s\": start as root, or as that user", user);
        if (geteuid() == 0)
            TRY(become(&who, diag));
    }
    return close_doors(diag);
}
