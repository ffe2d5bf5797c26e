using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orchestrator.Client;
using Orchestrator.ServiceDefaults.Http;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.Telemetry;

namespace Orchestrator.ServiceDefaults.Errors;

/// <summary>Writes errors in the shape of docs/contract/contract.md and logs each with its cause.</summary>
internal sealed partial class ErrorWriter(IHostEnvironment environment, IConfiguration configuration, ILogger<ErrorWriter> logger)
{
    private readonly bool _tellDetails = !environment.IsProduction()
        && !string.Equals(configuration["NODE_ENV"], Environments.Production, StringComparison.OrdinalIgnoreCase);

    public async Task WriteAsync(HttpContext context, int statusCode, ApiError error, Exception? cause)
    {
        Log(context, statusCode, error, cause);
        if (_tellDetails && cause is not null && statusCode >= 500)
        {
            error = error with { Details = cause.Message };
        }

        // After an exception the framework has removed the endpoint from the call and keeps it here.
        var endpoint = context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        if (endpoint?.Metadata.GetMetadata<ErrorsInWords>() is not null)
        {
            error = ErrorsInWords.Word(error, context.RequestServices.GetRequiredService<ServiceIdentity>().InstanceId);
        }

        context.Response.Headers.CacheControl = "no-store";
        await new JsonAnswer<ApiError>(statusCode, error, ContractJson.Plain.ApiError).ExecuteAsync(context);
    }

    public void Abandoned(HttpContext context) => CallerLeft(context.Request.Method, Path(context), context.GetListener());

    public void Unforeseen(HttpContext context, Exception exception) =>
        Failed(context.Request.Method, Path(context), context.GetListener(), context.TraceIdentifier, exception);

    private void Log(HttpContext context, int statusCode, ApiError error, Exception? cause)
    {
        var (method, path, listener) = (context.Request.Method, Path(context), context.GetListener());
        if (statusCode >= 500)
        {
            NotServed(statusCode, error.Error, method, path, listener, cause?.Message ?? error.Message ?? "");
        }
        else
        {
            Refused(statusCode, error.Error, method, path, listener, cause?.Message ?? error.Message ?? "");
        }
    }

    // Callers' text is truncated before it fills the log.
    private static string Path(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        return path.Length <= 200 ? path : path[..200] + "…";
    }

    [LoggerMessage(1700, LogLevel.Information, "Refused with {Status} {Code}: {Method} {Path} on the {Listener} listener. {Cause}")]
    private partial void Refused(int status, string code, string method, string path, Listener? listener, string cause);

    [LoggerMessage(1701, LogLevel.Warning, "Failed with {Status} {Code}: {Method} {Path} on the {Listener} listener. {Cause}")]
    private partial void NotServed(int status, string code, string method, string path, Listener? listener, string cause);

    [LoggerMessage(1702, LogLevel.Error, "Unhandled error in {Method} {Path} on the {Listener} listener, request {Request}.")]
    private partial void Failed(string method, string path, Listener? listener, string request, Exception exception);

    [LoggerMessage(1703, LogLevel.Debug, "Caller disconnected during {Method} {Path} on the {Listener} listener.")]
    private partial void CallerLeft(string method, string path, Listener? listener);
}
