using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>Puts the guards of docs/contract/contract.md, section Safety, before every call.</summary>
public static class GuardHosting
{
    /// <summary>Reads and checks who may call, and bounds what a call may weigh.</summary>
    /// <exception cref="ConfigurationException">The settings are wrong.</exception>
    public static WebApplicationBuilder AddGuards(this WebApplicationBuilder builder)
    {
        var options = SecurityOptions.From(builder.Configuration);
        var origins = new Origins(options);
        builder.Services.AddSingleton(options);
        builder.Services.AddErrors();
        builder.Services.AddApiKeys();
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .SetIsOriginAllowed(origins.Allows)
            .AllowAnyMethod()
            .AllowAnyHeader()
            .WithExposedHeaders(HeaderNames.RetryAfter, HeaderNames.Location)
            .SetPreflightMaxAge(TimeSpan.FromMinutes(10))));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyLimit.Default.MaxRequestBodySize;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });
        return builder;
    }

    /// <summary>Errors, routes and guards, in the order that makes each see what it needs; endpoints come after.</summary>
    public static WebApplication UseGuards(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<SecurityOptions>();
        app.UseErrors();
        app.UseRouting();
        app.Use(RefuseLongBodies);
        app.Use(next => new AddressGuard(options, next).InvokeAsync);
        // Before the keys: a browser's preflight carries none.
        app.UseCors();
        app.UseAuthentication();
        app.UseAuthorization();
        app.Use(next => new SiteGuard(options, next).InvokeAsync);
        return app;
    }

    // By what the call says of itself; a body whose length comes out as it is read is counted by its reader.
    private static RequestDelegate RefuseLongBodies(RequestDelegate next) => context =>
    {
        var limit = BodyLimit.Of(context);
        return context.Request.ContentLength > limit.MaxBytes ? limit.Refusal().ExecuteAsync(context) : next(context);
    };
}
