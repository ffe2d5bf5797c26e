using System.Net;
using System.Net.Http.Headers;
using Orchestrator.Core.Resilience;
using Orchestrator.Core.Tasks.Callbacks;
using Orchestrator.Core.Tasks.Queue;
using Polly;
using Polly.Timeout;

namespace Orchestrator.Worker.Callbacks;

/// <summary>
/// Posts callbacks over HTTP: no redirects, no proxy, no cookies, and only to addresses that the rules allow. The rules are
/// checked again here, since the list and the DNS records can have changed since the task was accepted. The outbox
/// schedules the retries.
/// </summary>
internal sealed class CallbackSender : ICallbackSender, IDisposable
{
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(15);

    private readonly CallbackRules _rules;
    private readonly ResiliencePipeline _pipeline;

    // A client each, so that no caller's callback finds a connection that was opened for the operator's address.
    private readonly HttpMessageInvoker _callers;
    private readonly HttpMessageInvoker _pod;

    public CallbackSender(CallbackRules rules, TimeProvider time)
        : this(rules, time, Dns.GetHostAddressesAsync)
    {
    }

    /// <summary>The same with names resolved by <paramref name="resolve"/>.</summary>
    internal CallbackSender(CallbackRules rules, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
    {
        _rules = rules;
        _callers = NewClient(new CallbackConnect(rules.AllowsPrivate, resolve));
        _pod = NewClient(new CallbackConnect(allowPrivate: true, resolve));
        _pipeline = ResilienceDefaults.Guard("callback", time).AddTimeout(AttemptLimit).Build();
    }

    public async Task<Delivery> SendAsync(TaskRecord task, CancellationToken cancellationToken)
    {
        var callback = task.Spec.Callback!;
        // The pod's address is the operator's own; a caller's has to be allowed.
        if (callback.Shape != CallbackShape.Pod && _rules.Refuse(callback.Url) is { } problem)
        {
            return new Delivery(false, Retry: false, $"The address {problem}");
        }

        try
        {
            return await _pipeline.ExecuteAsync(
                async token => await PostAsync(callback, CallbackBody.Write(task), token), cancellationToken);
        }
        catch (TimeoutRejectedException)
        {
            return new Delivery(false, Retry: true, $"No answer within {AttemptLimit.TotalSeconds} s.");
        }
        catch (HttpRequestException e) when (e.InnerException is CallbackRefusedException refused)
        {
            return new Delivery(false, Retry: false, refused.Message);
        }
        catch (CallbackRefusedException e)
        {
            return new Delivery(false, Retry: false, e.Message);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new Delivery(false, Retry: true, e.Message);
        }
    }

    public void Dispose()
    {
        _callers.Dispose();
        _pod.Dispose();
    }

    private static HttpMessageInvoker NewClient(CallbackConnect connect) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        ConnectCallback = connect.ConnectAsync,
        // Forces new DNS look-ups after that.
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        MaxResponseHeadersLength = 32,
    });

    private async Task<Delivery> PostAsync(TaskCallback callback, byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, callback.Url)
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        using var response = await (callback.Shape == CallbackShape.Pod ? _pod : _callers).SendAsync(request, cancellationToken);
        return response.IsSuccessStatusCode
            ? new Delivery(true)
            : new Delivery(false, Retry: true, $"The answer was {(int)response.StatusCode}.");
    }
}
