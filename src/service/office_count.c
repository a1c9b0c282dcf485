#include "service/office_count.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLACES = 400, /* pairs of an interface and a status: some forty interfaces, each with a handful */
    LABELS = 200,
};

struct place {
    char event[64];
    int status;
    uint64_t n;
};

struct stir_office_count {
    pthread_mutex_t lock; /* a request takes a signature and a transaction: nobody waits here */
    struct place place[PLACES];
    size_t n;
};

static void tell_family(const struct stir_office_count *count, struct stir_metrics_text *text, const char *head, const char *family, const char *help)
{
    size_t skip = strlen(head);
    char labels[LABELS], code[16];
    stir_metrics_family(text, family, "counter", help);
    for (size_t i = 0; i < count->n; i++) {
        if (strncmp(count->place[i].event, head, skip) != 0)
            continue;
        snprintf(code, sizeof(code), "%d", count->place[i].status);
        stir_metrics_labels(labels, sizeof(labels), "endpoint", count->place[i].event + skip, "code", code, (char *)NULL);
        stir_metrics_value(text, family, labels, (double)count->place[i].n);
    }
}

static void tell(void *arg, struct stir_metrics_text *text)
{
    struct stir_office_count *count = arg;
    pthread_mutex_lock(&count->lock);
    tell_family(count, text, "acme ", "stir_acme_requests_total", "requests to the certificate authority, by interface and status");
    tell_family(count, text, "pa ", "stir_pa_requests_total", "requests to the policy administrator, by interface and status");
    pthread_mutex_unlock(&count->lock);
}

enum stir_err stir_office_count_new(struct stir_office_count **out, struct stir_metrics *metrics)
{
    struct stir_office_count *count = calloc(1, sizeof(*count));
    if (!count)
        return STIR_ENOMEM;
    pthread_mutex_init(&count->lock, NULL);
    if (metrics)
        stir_metrics_source(metrics, tell, count);
    *out = count;
    return STIR_OK;
}

void stir_office_count_free(struct stir_office_count *count)
{
    if (!count)
        return;
    pthread_mutex_destroy(&count->lock);
    free(count);
}

/* With the lock. The last place is left for what finds none. */
static struct place *place_of(struct stir_office_count *count, const char *event, int status)
{
    for (size_t i = 0; i < count->n; i++)
        if (count->place[i].status == status && strcmp(count->place[i].event, event) == 0)
            return &count->place[i];
    if (count->n == PLACES)
        return &count->place[PLACES - 1];
    struct place *place = &count->place[count->n++];
    snprintf(place->event, sizeof(place->event), "%s", count->n == PLACES ? "acme other" : event);
    place->status = status;
    return place;
}

void stir_office_count_add(struct stir_office_count *count, const char *event, int status)
{
    pthread_mutex_lock(&count->lock);
    place_of(count, event ? event : "acme other", status)->n++;
    pthread_mutex_unlock(&count->lock);
}
